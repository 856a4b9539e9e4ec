// Drives Chromium through every form of the console and the shop, with texts in every field that would be scripts if they were taken
// for markup, an attribute, a script or a link: those that one types into, and behind that those that nobody sees. Tells what was seen
// as JSON.
const { chromium } = require('playwright-core');

const wanted = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const told = { forms: {}, answers: {}, back: 0, ran: [], made: [], dialogs: [], errors: [] };

const TEXTS = [
  '"><img src=x onerror=pwned=1>', '<script>pwned=1</script>', "' autofocus onfocus='pwned=1", '</textarea><script>pwned=1</script>',
  'javascript:pwned=1', '"><svg onload=pwned=1>', '</title><script>pwned=1</script>', '--><iframe srcdoc="<script>parent.pwned=1</script>">',
];

const open = (page, path) => page.goto(`${wanted.shop}${path}`);

/** Fills a form of the page and sends it: its fields that are seen, or all. False where it has none of those. */
const send = (page, at, from, isAll) => page.evaluate(([texts, at, from, isAll]) => {
  const form = document.querySelectorAll('main form')[at];
  const may = (it) => it.name && it.type !== 'submit' && (isAll || it.type !== 'hidden');
  const fields = form ? [...form.elements].filter(may) : [];
  if (!fields.some((it) => it.type !== 'hidden')) return false;
  fields.forEach((it, count) => {
    const text = texts[(from + count) % texts.length];
    if (it.tagName === 'SELECT') it.add(new Option('x', text));
    else if (it.tagName === 'INPUT' && it.type !== 'hidden') it.type = 'text';
    it.value = text;
  });
  // As a page that checks nothing would send it.
  HTMLFormElement.prototype.submit.call(form);
  return true;
}, [TEXTS, at, from, isAll]);

async function look(page, where) {
  await page.evaluate(() => document.querySelectorAll('details').forEach((deed) => { deed.open = true; }));
  const [ran, made, back] = await page.evaluate((texts) => [
    'pwned' in globalThis,
    [...document.querySelectorAll('script:not([src]), img[src="x"], main svg[onload], [onerror], [onload], [onfocus], iframe, a[href^="javascript:"], [action^="javascript:"]')].map((it) => it.outerHTML),
    [...document.querySelectorAll('main input')].filter((it) => texts.includes(it.value)).length,
  ], TEXTS);
  if (ran) told.ran.push(where);
  told.made.push(...made.map((it) => `${where}: ${it}`));
  told.back += back;
}

async function forms(page, path) {
  await open(page, path);
  const count = await page.locator('main form').count();
  for (let at = 0; at < count; at += 1) {
    for (const [from, isAll] of [[at, false], [at + 3, false], [at + 5, true]]) {
      await open(page, path);
      const answered = page.waitForNavigation();
      if (!await send(page, at, from, isAll)) {
        answered.catch(() => {});
        break;
      }
      const answer = await answered;
      const where = `${path} form ${at}${isAll ? ' with what is hidden' : ''}`;
      if (answer.status() >= 500) told.errors.push(`${where}: ${answer.status()}`);
      told.answers[answer.status()] = (told.answers[answer.status()] ?? 0) + 1;
      told.forms[path] = (told.forms[path] ?? 0) + 1;
      await look(page, where);
    }
  }
}

async function first(page, list, links = 'main table a') {
  await open(page, list);
  return page.locator(links).first().getAttribute('href');
}

(async () => {
  const browser = await chromium.launch({ executablePath: wanted.chromium, args: ['--no-sandbox'] });
  // The policy of the pages would keep what is planted from running: here a text that became a script runs.
  const page = await (await browser.newContext({ locale: 'en-GB', bypassCSP: true })).newPage();
  page.on('dialog', (dialog) => { told.dialogs.push(dialog.message()); dialog.dismiss(); });
  page.on('pageerror', (error) => told.errors.push(`${page.url()}: ${error.message}`));
  await open(page, '/console/log-in');
  await page.getByRole('button', { name: /^admin/ }).click();
  await page.waitForURL(/console$/);
  const paths = [
    await first(page, '/console/orders?status=paid'), await first(page, '/console/orders?status=pending_payment'), await first(page, '/console/payments?status=paid'),
    await first(page, '/console/refunds?status=awaiting_approval'), await first(page, '/console/products'), await first(page, '/console/members'),
    await first(page, '/console/staff', 'main table tr:has-text("merchant") a'), '/console/orders', '/console/payments', '/console/products', '/console/reviews',
    '/console/members', '/console/staff', '/console/api-keys', '/console/tenants', '/console/channels', '/console/settings/refunds', '/console/settings/checkout',
    '/console/settings/sessions/staff', '/console/settings/sessions/members', '/console/keys', '/console/audit', '/console/me', '/console/step-up',
    '/console/log-in?why=x&to=y', '/shop', await first(page, '/shop', 'main li a'), '/shop/me',
  ];
  for (const path of paths) await forms(page, path);
  // The checkout, where a note may be written without the script.
  await open(page, paths.at(-2));
  await page.getByRole('button', { name: 'Into the cart' }).click();
  await page.getByRole('button', { name: 'To the checkout' }).click();
  await page.waitForURL(/checkout/);
  await forms(page, new URL(page.url()).pathname);
  for (const path of ['/console', '/console/audit', '/console/keys', '/shop/orders']) {
    await open(page, path);
    await look(page, path);
  }
  await browser.close();
  process.stdout.write(JSON.stringify(told));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
