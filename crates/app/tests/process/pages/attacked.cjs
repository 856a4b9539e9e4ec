// Drives Chromium against the console: texts that would be scripts in every field that takes a text, pages of another site that post
// its forms or frame it. Tells what was seen as JSON.
const { chromium } = require('playwright-core');

const wanted = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const told = { fields: {}, refused: [], ran: [], made: [], dialogs: [], framed: [], posted: {}, stock: [], customer: 0, lang: '', errors: [] };

/** Each would run if it were taken for markup, for an attribute, for a script, or for a link. */
const TEXTS = [
  '<script>pwned=1</script>', '"><img src=x onerror=pwned=1>', "'><svg/onload=pwned=1>", '</textarea><script>pwned=1</script>',
  'javascript:pwned=1', '<a href="javascript:pwned=1">x</a>', '{{constructor.constructor("pwned=1")()}}', '--><iframe srcdoc="<script>parent.pwned=1</script>">',
  '<div hx-get="/console" hx-trigger="load" hx-on:load="pwned=1">', '&lt;script&gt;pwned=1&lt;/script&gt;',
];

/** On a device of another kind: a second browser of somebody of the staff puts the first out. */
let held;
async function token(request) {
  if (held) return held;
  const body = { tenant: 'default', as: 'staff', login: 'admin', password: 'mideng demo', device: { type: 'app', name: TEXTS[0] } };
  const answer = await request.post(`${wanted.shop}/api/v1/sessions`, { data: body });
  held = (await answer.json()).access_token;
  return held;
}

/** The pages of what is given back for such a reason, and of its payments. */
const refunded = [];

/** Puts the texts wherever the API takes one. */
async function plant(request) {
  const bearer = { authorization: `Bearer ${await token(request)}` };
  let count = 0;
  const send = async (method, path, data, more = {}) => {
    count += 1;
    const headers = { ...bearer, 'idempotency-key': `plant-${count}`, ...more };
    const answer = await request.fetch(`${wanted.shop}/api/v1${path}`, { method, data, headers });
    if (!answer.ok()) told.refused.push(`${method} ${path.split('/')[1]}: ${answer.status()} ${(await answer.json()).code}`);
    return answer.ok() ? answer.json() : undefined;
  };
  // A text in a field of some name. What comes of it is looked at; a field that takes none of them is told.
  const field = async (name, ...what) => {
    const answer = await send(...what);
    told.fields[name] = (told.fields[name] ?? 0) + (answer ? 1 : 0);
    return answer ?? {};
  };
  const list = async (path) => (await (await request.get(`${wanted.shop}/api/v1${path}`, { headers: bearer })).json()).data ?? [];
  const [sent, paid] = [await list('/orders?status=paid&limit=50'), await list('/payments?status=paid&limit=100')];
  const [reviews, channels] = [await list('/reviews?limit=50'), await (await request.get(`${wanted.shop}/api/v1/channels`, { headers: bearer })).json()];
  // A person gives money back with a second factor alone; a server has none.
  const { secret } = await send('POST', '/api-keys', { account: 'refunds', role: 'admin' });
  const server = { authorization: `Bearer ${secret}` };
  const why = (text) => ({ 'x-reason': encodeURIComponent(text) });
  for (const [at, text] of TEXTS.entries()) {
    await field('product name', 'PUT', `/products/xss-${at}`, { name: text, price: { amount: 100, currency: 'CNY' }, initial_stock: 9 });
    await field('movement reason', 'POST', `/products/xss-${at}/stock-movements`, { quantity: 1, reason: text });
    const order = await field('customer and note', 'POST', '/orders', { customer_id: text, note: text, lines: [{ sku: `xss-${at}`, quantity: 1 }] }, { 'idempotency-key': text.replaceAll(' ', '') });
    if (order.order_no) await field('cancel reason', 'POST', `/orders/${order.order_no}/cancel`, { reason: 'merchant' }, why(text));
    await field('member name', 'POST', '/members', { login: `m${at}`, name: text, password: 'three red birds' });
    await field('staff name', 'POST', '/staff', { login: `s${at}`, name: text, password: 'three red birds', role: 'support' }, why(text));
    await field('member login', 'POST', '/members', { login: `${at}${text.replaceAll(/[\s/]/g, '')}`, name: 'm', password: 'three red birds' });
    await field('account of an API key', 'POST', '/api-keys', { account: text, role: 'auditor' }, why(text));
    await field('tenant name', 'POST', '/tenants', { name: text, admin: { login: `t${at}`, name: text, password: 'three red birds' } }, why(text));
    if (sent[at]) await field('carrier and parcel', 'POST', `/orders/${sent[at].order_no}/ship`, { carrier: text, tracking_no: text }, { 'if-match': `"${sent[at].version}"` });
    const of = paid[at + 12]?.payment_id;
    const refund = of ? await field('refund reason', 'POST', `/payments/${of}/refunds`, { amount: { amount: 1, currency: paid[at + 12].amount.currency }, reason: text }, { ...why(text), ...server }) : {};
    if (refund.refund_id) refunded.push(`/console/payments/${of}`, `/console/refunds/${refund.refund_id}`);
    if (reviews[at]) await field('resolution', 'POST', `/reviews/${reviews[at].review_id}/resolve`, { resolution: text });
    for (const enabled of [false, true]) await field('switch reason', 'POST', `/channels/${channels.at(-1).channel_account_id}/switch`, { enabled }, why(text));
  }
}

async function look(page, path) {
  const answer = await page.goto(`${wanted.shop}${path}`);
  if (answer.status() >= 500) told.errors.push(`${path}: ${answer.status()}`);
  // What is no page of ours shows nothing of what was planted.
  const kind = answer.headers()['content-type'] ?? 'nothing';
  if (!kind.startsWith('text/html') || !(await page.locator('#main').count())) told.errors.push(`${path}: ${answer.status()}, ${kind}`);
  await page.evaluate(() => document.querySelectorAll('details').forEach((deed) => { deed.open = true; }));
  const [ran, made] = await page.evaluate(() => [
    'pwned' in globalThis,
    [...document.querySelectorAll('script:not([src]), img[src="x"], [onerror], [onload], iframe, [hx-get="/console"], a[href^="javascript:"]')].map((it) => it.outerHTML),
  ]);
  if (ran) told.ran.push(path);
  told.made.push(...made.map((it) => `${path}: ${it}`));
}

async function texts(page) {
  const orders = async () => {
    await page.goto(`${wanted.shop}/console/orders`);
    return page.locator('#found table a').evaluateAll((all) => all.map((it) => it.getAttribute('href')).filter((it) => it.includes('/console/orders/')));
  };
  const people = async (list, links = 'main table a') => {
    await page.goto(`${wanted.shop}${list}`);
    return page.locator(links).evaluateAll((all) => all.map((it) => it.getAttribute('href')));
  };
  const paths = ['/console', '/console/products', '/console/keys', '/console/members', '/console/staff', '/console/audit', '/console/me', '/shop', '/shop/cart',
    '/console/payments', '/console/refunds', '/console/reviews', '/console/reviews?state=all', '/console/channels', '/console/tenants', '/console/api-keys',
    '/console/settings', ...TEXTS.map((_, at) => `/console/products/xss-${at}`)];
  const of = async (list, links) => [...new Set(await people(list, links))].slice(0, TEXTS.length);
  paths.push(...(await of('/console/orders?status=shipped', 'a[href^="/console/orders/ord_"]')), ...(await of('/console/refunds?status=awaiting_approval', 'a[href^="/console/refunds/rfd_"]')),
    ...(await of('/console/payments?status=paid', 'a[href^="/console/payments/pay_"]')), ...refunded);
  told.refunded = refunded.length;
  paths.push(...(await orders()).slice(0, TEXTS.length), ...(await people('/console/members')).slice(0, 4), ...(await people('/console/staff')).slice(0, 4));
  for (const text of TEXTS) {
    const word = encodeURIComponent(text);
    paths.push(`/console/orders?q=${word}&status=${word}&from=${word}`, `/console/keys?key=${word}&account=${word}`, `/console/log-in?why=${word}&to=${word}`,
      `/console/audit?actor=${word}&action=${word}`, `/console/orders/${word}`, `/shop?q=${word}`, `/console/products?done=${word}&cursor=${word}`);
  }
  for (const path of paths) await look(page, path);
  told.looked = paths.length;
}

/** A page of another site, before somebody who is logged in here. */
async function stranger(page, context) {
  const stock = async () => (await (await context.request.get(`${wanted.shop}/api/v1/products/xss-1`, { headers: { authorization: `Bearer ${await token(context.request)}` } })).json()).stock.on_hand;
  told.stock.push(await stock());
  let html = '';
  await context.route('http://stranger.example/**', (route) => route.fulfill({ contentType: 'text/html', body: html }));
  const forms = [
    ['stock', '/console/products/xss-1/stock'], ['log-out', '/console/log-out'], ['preferences', '/preferences'], ['api key', '/console/api-keys/issue'],
    ['staff', '/console/staff/add'], ['tenant', '/console/tenants/add'], ['refund limits', '/console/settings/refunds'], ['checkout', '/console/settings/checkout'],
  ];
  const values = { key: 'evil', quantity: 5, reason: 'evil', to: '//stranger.example', lang: 'zh-CN', account: 'evil', role: 'admin', login: 'evil', name: 'evil', password: 'three red birds' };
  for (const [name, path] of forms) {
    const fields = Object.entries(values).map(([field, value]) => `<input name=${field} value="${value}">`).join('');
    html = `<form method=post action="${wanted.shop}${path}">${fields}</form><script>document.forms[0].submit()</script>`;
    const answered = page.waitForResponse((response) => response.url() === `${wanted.shop}${path}`);
    await page.goto('http://stranger.example/');
    const answer = await answered;
    told.posted[name] = `${answer.status()} ${answer.headers().location ?? ''}`;
    await page.waitForLoadState();
  }
  for (const path of ['/console/api-keys', '/console/staff?q=evil', '/console/tenants']) {
    await page.goto(`${wanted.shop}${path}`);
    if ((await page.locator('table').allInnerTexts()).join('').includes('evil')) told.posted[path] = 'done';
  }
  told.stock.push(await stock());
  for (const path of ['/console', '/console/log-in', '/console/orders', '/console/refunds', '/console/staff', '/console/settings', '/shop', '/shop/cart', '/shop/me']) {
    html = `<iframe src="${wanted.shop}${path}"></iframe>`;
    await page.goto('http://stranger.example/');
    await page.waitForTimeout(300);
    const inside = page.frames().find((frame) => frame !== page.mainFrame());
    // The browser's own words on what it does not show have a heading, too.
    if (await inside.locator('#main').count()) told.framed.push(path);
  }
  await page.goto(`${wanted.shop}/console/me`);
  told.still = new URL(page.url()).pathname;
  told.lang = await page.locator('html').getAttribute('lang');
  await customer(page, (text) => { html = text; });
}

/** The same before a customer who is logged in: they stay who they are. */
async function customer(page, show) {
  await page.goto(`${wanted.shop}/shop/me`);
  const [login, password] = (await page.locator('p.fine code').first().innerText()).split(' / ');
  await page.getByLabel('Login').fill(login);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL(/done=in/);
  for (const path of ['/shop/cart', '/shop/log-out', '/shop/checkout']) {
    show(`<form method=post action="${wanted.shop}${path}"><input name=sku value=xss-1></form><script>document.forms[0].submit()</script>`);
    await page.goto('http://stranger.example/');
    await page.waitForURL((url) => url.href.startsWith(wanted.shop));
  }
  await page.goto(`${wanted.shop}/shop/me`);
  told.customer = await page.getByRole('button', { name: 'Log out' }).count();
}

(async () => {
  const browser = await chromium.launch({ executablePath: wanted.chromium, args: ['--no-sandbox'] });
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  page.on('dialog', (dialog) => { told.dialogs.push(dialog.message()); dialog.dismiss(); });
  await plant(context.request);
  await page.goto(`${wanted.shop}/console/log-in`);
  await page.getByRole('button', { name: /^admin/ }).click();
  await page.waitForURL(/console$/);
  await texts(page);
  await stranger(page, context);
  await browser.close();
  process.stdout.write(JSON.stringify(told));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
