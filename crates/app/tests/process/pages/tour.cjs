// Drives Chromium through every screen of the console and the shop, in both languages, on a desk and on a small telephone, by day and
// by night: what a screen is called, what axe finds, and how it looks. Tells what was seen as JSON.
const { chromium } = require('playwright-core');
const fs = require('node:fs');

const wanted = JSON.parse(fs.readFileSync(0, 'utf8'));
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const told = { elsewhere: [], errors: [], barriers: [], bites: [], wide: [], screens: {}, looks: {} };

function watch(page) {
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== wanted.shop && !request.url().startsWith('data:')) told.elsewhere.push(request.url());
  });
  page.on('pageerror', (error) => told.errors.push(`${page.url()}: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') told.errors.push(`${page.url()}: ${message.text()}`);
  });
}

/** A picture as so few shades of grey that a number more or less does not show, and a broken page does. */
const look = (page, picture) => page.evaluate(async ([data, columns, rows]) => {
  const image = new Image();
  image.src = `data:image/png;base64,${data}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [columns, rows];
  const paper = canvas.getContext('2d');
  paper.imageSmoothingQuality = 'high';
  // In steps: a browser that shrinks at once leaves most of it out.
  let [width, height, source] = [image.width, image.height, image];
  while (width > 2 * columns && height > 2 * rows) {
    const half = document.createElement('canvas');
    [width, height] = [half.width, half.height] = [Math.ceil(width / 2), Math.ceil(height / 2)];
    half.getContext('2d').drawImage(source, 0, 0, width, height);
    source = half;
  }
  paper.drawImage(source, 0, 0, columns, rows);
  const pixels = paper.getImageData(0, 0, columns, rows).data;
  let shades = '';
  for (let at = 0; at < pixels.length; at += 4) {
    shades += Math.floor((pixels[at] + pixels[at + 1] + pixels[at + 2]) / 48).toString(16);
  }
  return shades;
}, [picture.toString('base64'), 48, 32]);

async function see(page, name, path, kind) {
  const answer = await page.goto(`${wanted.shop}${path}`);
  if (answer.status() !== 200) told.errors.push(`${path}: ${answer.status()}`);
  const screen = `${kind} ${name}`;
  told.screens[screen] = await page.locator('h1').first().innerText();
  const picture = await page.screenshot({ path: `${wanted.pictures}/${screen.replace(/[^a-zA-Z0-9-]+/g, '_')}.png` });
  told.looks[screen] = await look(page, picture);
  await page.evaluate(() => document.querySelectorAll('main details').forEach((deed) => { deed.open = true; }));
  const [whole, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  if (whole > seen) told.wide.push(`${screen}: ${whole}`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  for (const one of violations.filter((it) => ['serious', 'critical'].includes(it.impact))) {
    told.barriers.push(`${screen}: ${one.id}: ${one.nodes.slice(0, 3).map((node) => node.target.join(' ')).join(' | ')}`);
  }
}

const first = async (page, list, links = 'main table a[href^="/console"]') => {
  await page.goto(`${wanted.shop}${list}`);
  const link = page.locator(links).first();
  return (await link.count()) ? link.getAttribute('href') : list;
};

async function tour(browser, [lang, width, theme]) {
  const context = await browser.newContext({ viewport: { width, height: 800 }, locale: lang });
  await context.addCookies([
    { name: 'mideng-lang', value: lang, url: wanted.shop }, { name: 'mideng-theme', value: theme, url: wanted.shop },
  ]);
  const page = await context.newPage();
  watch(page);
  const kind = `${lang} ${width}`;
  await see(page, 'log-in', '/console/log-in', kind);
  // What it is there for: a button without a name is found.
  await page.evaluate(() => document.querySelector('main').append(document.createElement('button')));
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  told.bites.push(violations.some((it) => it.id === 'button-name'));
  await page.goto(`${wanted.shop}/console/log-in`);
  await page.getByRole('button', { name: /^admin/ }).click();
  await page.waitForURL(/console$/);
  await page.waitForFunction(() => document.querySelectorAll('#lights .lamp').length > 20, null, { timeout: 60000 });
  const one = {
    order: await first(page, '/console/orders'), key: await first(page, '/console/keys'), person: await first(page, '/console/staff'),
    payment: await first(page, '/console/payments'), product: '/console/products/mooncake-8',
    refund: await first(page, '/console/refunds?status=awaiting_approval'), goods: '/shop/products/mooncake-8',
  };
  for (const [name, path] of [
    ['overview', '/console'], ['orders', '/console/orders'], ['order', one.order], ['products', '/console/products'],
    ['keys', '/console/keys'], ['key', one.key], ['payments', '/console/payments'], ['payment', one.payment], ['refunds', '/console/refunds'],
    ['queue', '/console/reviews'], ['channels', '/console/channels'], ['product', one.product], ['members', '/console/members'],
    ['staff', '/console/staff'], ['api keys', '/console/api-keys'], ['person', one.person], ['settings', '/console/settings'],
    ['refund', one.refund], ['refund limits', '/console/settings/refunds'], ['checkout rules', '/console/settings/checkout'], ['session rules', '/console/settings/sessions/members'],
    ['tenants', '/console/tenants'], ['audit log', '/console/audit'], ['me', '/console/me'], ['step-up', '/console/step-up'],
    ['shop', '/shop'], ['goods', one.goods], ['cart', '/shop/cart'], ['own orders', '/shop/orders'], ['account', '/shop/me'],
  ]) {
    await see(page, name, path, kind);
  }
  await page.goto(`${wanted.shop}/shop`);
  await page.locator('main li', { has: page.locator('button:enabled') }).nth(1).locator('a').click();
  await page.locator('main form[action="/shop/cart"] button').first().click();
  await page.goto(`${wanted.shop}/shop/cart`);
  await page.locator('form[action="/shop/checkout"] button').click();
  await page.waitForURL(/checkout\/ord_/);
  await see(page, 'checkout', new URL(page.url()).pathname + new URL(page.url()).search, kind);
  await page.locator('#place').click();
  await page.waitForURL(/shop\/orders\/ord_/);
  await see(page, 'placed order', new URL(page.url()).pathname, kind);
  await page.goto(`${wanted.shop}/shop/cart`);
  if (await page.locator('form[action="/shop/checkout"]').count()) told.errors.push('the cart still holds what was ordered');
  await context.close();
}

(async () => {
  const browser = await chromium.launch({ executablePath: wanted.chromium, args: ['--no-sandbox'] });
  await tour(browser, ['en', 1280, 'light']);
  await tour(browser, ['zh-CN', 360, 'dark']);
  await browser.close();
  process.stdout.write(JSON.stringify(told));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
