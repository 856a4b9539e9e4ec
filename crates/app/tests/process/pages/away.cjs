// Drives Chromium as somebody of the staff who was away from a form for longer than a session lasts, and meanwhile as somebody who
// has no mouse. Tells what was seen as JSON.
const { chromium } = require('playwright-core');

const wanted = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const told = { errors: [], why: '', words: '', kept: [], same: false, added: '', missed: {}, unseen: {}, stops: {}, typed: '' };

function watch(page) {
  page.on('pageerror', (error) => told.errors.push(`${page.url()}: ${error.message}`));
  page.on('console', (message) => { if (message.type() === 'error') told.errors.push(`${page.url()}: ${message.text()}`); });
}

const open = (page, path) => page.goto(`${wanted.shop}${path}`);

async function logIn(page, who) {
  await open(page, '/console/log-in');
  await page.getByRole('button', { name: new RegExp(`^${who}`) }).click();
  await page.waitForURL(/console$/);
}

/** From now on a session of the staff lasts a minute without a request: the least that may be set. */
async function shorten(page) {
  await open(page, '/console/settings/sessions/staff');
  await page.fill('input[name=idle]', '60');
  await page.selectOption('select[name=idle_unit]', 'seconds');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(/done=save/);
}

async function begin(page) {
  await logIn(page, 'merchant');
  const at = Date.now();
  await open(page, '/console/members');
  await page.locator('summary', { hasText: 'Add a member' }).click();
  await page.fill('input[name=login]', 'carl');
  await page.fill('input[name=name]', '卡尔 & <Carl>');
  await page.fill('input[name=password]', 'four green hills');
  return { at, key: await page.locator('details[open] input[name=key]').inputValue() };
}

async function end(page, { at, key }) {
  await page.waitForTimeout(Math.max(0, at + 64_000 - Date.now()));
  const add = () => page.locator('main form').getByRole('button', { name: 'Add a member' }).click();
  await add();
  told.why = new URL(page.url()).searchParams.get('why');
  told.words = await page.locator('p.notice').innerText();
  await page.getByRole('button', { name: /^merchant/ }).click();
  await page.waitForURL(/members/);
  told.kept = await Promise.all(['login', 'name', 'password'].map((name) => page.locator(`details[open] input[name=${name}]`).inputValue()));
  told.same = await page.locator('details[open] input[name=key]').inputValue() === key;
  await page.fill('input[name=password]', 'four green hills');
  await add();
  await page.waitForURL(/done=add/);
  told.added = await page.locator('h1').innerText();
}

/** Goes through a page by the tabulator: what it does not come to, and where nobody sees that it did. */
async function tabs(page, path) {
  await open(page, path);
  const count = await page.evaluate(() => {
    const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')];
    const may = all.filter((it) => !it.disabled && it.checkVisibility({ visibilityProperty: true }));
    may.forEach((it, at) => { it.dataset.stop = at; });
    return may.length;
  });
  const [came, bare] = [new Set(), []];
  // A field for a day has stops within; and a page may begin in the midst of its own.
  for (let [presses, ends] = [0, 0]; presses < 3 * count && ends < 2; presses += 1) {
    await page.keyboard.press('Tab');
    if (presses && await page.evaluate(() => document.activeElement === document.body)) ends += 1;
    const [stop, is_seen] = await page.evaluate(() => {
      const it = document.activeElement;
      const style = getComputedStyle(it);
      return [it.dataset.stop, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2];
    });
    if (stop === undefined) continue;
    came.add(stop);
    if (!is_seen) bare.push(stop);
  }
  const words = (stops) => page.evaluate((stops) => stops.map((stop) => document.querySelector(`[data-stop="${stop}"]`).outerHTML.slice(0, 90)), stops);
  // What the server sent anew meanwhile is another element.
  const there = await page.evaluate(() => [...document.querySelectorAll('[data-stop]')].map((it) => it.dataset.stop));
  const missed = there.filter((stop) => !came.has(stop));
  told.stops[path] = came.size;
  if (missed.length) told.missed[path] = await words(missed);
  if (bare.length) told.unseen[path] = await words(bare.filter((stop) => there.includes(stop)));
}

/** Adds one of the staff with nothing but keys, from the link that leads over the menu. */
async function type(page) {
  await open(page, '/console/staff');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  const at = (find, what) => page.evaluate(find, what);
  const until = async (find, what) => {
    for (let presses = 0; presses < 200 && !await at(find, what); presses += 1) await page.keyboard.press('Tab');
  };
  await until(() => document.activeElement.matches('main summary') && document.activeElement.textContent.includes('Add one of the staff'));
  await page.keyboard.press('Enter');
  for (const [name, text] of [['login', 'mei'], ['name', 'Mei'], ['password', 'four green hills']]) {
    await until((name) => document.activeElement.name === name, name);
    await page.keyboard.type(text);
  }
  await page.keyboard.press('Enter');
  await page.waitForURL(/done=add/);
  told.typed = await page.locator('h1').innerText();
}

(async () => {
  const browser = await chromium.launch({ executablePath: wanted.chromium, args: ['--no-sandbox'] });
  const pages = [];
  for (let at = 0; at < 2; at += 1) {
    const context = await browser.newContext({ locale: 'en-GB' });
    pages.push(await context.newPage());
    watch(pages.at(-1));
  }
  const [page, away] = pages;
  await logIn(page, 'admin');
  const first = async (list) => {
    await open(page, list);
    return page.locator('main table a').first().getAttribute('href');
  };
  const screens = ['/console', '/console/orders', await first('/console/orders?status=paid'), await first('/console/payments?status=paid'),
    '/console/products', '/console/reviews', '/console/settings/checkout', '/console/me', '/console/log-in', '/shop', '/shop/cart', '/shop/me'];
  await shorten(page);
  const begun = await begin(away);
  await type(page);
  for (const screen of screens) await tabs(page, screen);
  await end(away, begun);
  await browser.close();
  process.stdout.write(JSON.stringify(told));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
