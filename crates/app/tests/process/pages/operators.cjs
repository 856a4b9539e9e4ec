// Drives Chromium as those who run the shop: an administrator who is refused at a field, for a proof and for an order that was
// changed meanwhile, and a merchant who makes a product, sends an order in parts, and whose session is gone. Tells what was seen as
// JSON.
const { chromium } = require('playwright-core');
const { createHmac } = require('node:crypto');

const wanted = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const told = { errors: [], asked: [], wide: [], screens: {} };

function watch(page) {
  page.on('pageerror', (error) => told.errors.push(error.message));
  page.on('console', (message) => {
    // A refusal that was asked for is told by the browser, too.
    const isWanted = /status of 4(03|09|12|22)/.test(message.text()) || message.location().url.endsWith('/second-factor/confirm');
    if (message.type() === 'error' && !isWanted) told.errors.push(message.text());
  });
}

/** The code that an app shows (RFC 6238), `steps` of half a minute from now. */
function code(secret, steps) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
  const hash = createHmac('sha1', key).update(time).digest();
  return String((hash.readUInt32BE(hash[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}

const open = (page, path) => page.goto(`${wanted.shop}/console${path}`);
const press = (page, name) => page.locator('main').getByRole('button', { name, exact: true }).click();
const path = (page) => new URL(page.url()).pathname;
const problem = (page) => page.locator('.notice.bad a code').innerText();

async function logIn(page, who) {
  await open(page, '/log-in');
  await page.getByRole('button', { name: new RegExp(`^${who}`) }).click();
  await page.waitForURL(/console$/);
}

/** One of the staff is added whose login is none at first. */
async function staff(page) {
  await open(page, '/staff');
  await page.locator('summary', { hasText: 'Add one of the staff' }).click();
  await page.fill('input[name=login]', 'li wei');
  await page.fill('input[name=name]', 'Li Wei');
  await page.fill('input[name=password]', 'four green hills');
  await press(page, 'Add one of the staff');
  told.wrong = await page.locator('.wrong').allInnerTexts();
  told.kept = await Promise.all(['login', 'name', 'password'].map((name) => page.inputValue(`input[name=${name}]`)));
  await page.fill('input[name=login]', 'li.wei');
  await page.fill('input[name=password]', 'four green hills');
  await press(page, 'Add one of the staff');
  await page.waitForURL(/done=add/);
  told.added = await page.locator('h1').innerText();
}

/** A limit is set, for which two factors are asked, proved a moment ago. They are set up in another tab. */
async function limits(page, context) {
  const typed = () => Promise.all(['currency_0', 'amount_0'].map((name) => page.inputValue(`input[name=${name}]`)));
  await open(page, '/settings/refunds');
  await page.fill('input[name=currency_0]', 'CNY');
  await page.fill('input[name=amount_0]', '12.50');
  await press(page, 'Save');
  told.asked.push(await problem(page));
  const other = await context.newPage();
  watch(other);
  await open(other, '/me');
  await press(other, 'Set one up');
  const secret = (await other.locator('.secret').innerText()).trim();
  // A wrong code is told, and the app is set up as before.
  await other.fill('input[name=code]', code('A'.repeat(secret.length), 0));
  await press(other, 'Confirm');
  await other.locator('.notice.bad').waitFor();
  told.code = [await problem(other), (await other.locator('.secret').innerText()).trim() === secret];
  // Each code is good once: the one of now is used here, and the next below.
  await other.fill('input[name=code]', code(secret, 0));
  await press(other, 'Confirm');
  await other.getByRole('heading', { name: 'Recovery codes' }).waitFor();
  await press(page, 'Save');
  await page.getByRole('link', { name: 'Prove who you are' }).waitFor();
  told.asked.push(await problem(page));
  await page.getByRole('link', { name: 'Prove who you are' }).click();
  await page.fill('input[name=code]', code(secret, 1));
  await press(page, 'Prove who you are');
  await page.waitForURL(/console\/settings\/refunds/);
  told.back = [path(page), ...(await typed())];
  await press(page, 'Save');
  await page.waitForURL(/done=save/);
  told.limit = await typed();
}

/** An order that lies open in two tabs is sent from both. */
async function stale(page, context) {
  await open(page, '/orders?status=paid');
  const order = await page.locator('#found table a').first().getAttribute('href');
  const fill = async (tab, number) => {
    await tab.goto(`${wanted.shop}${order}`);
    await tab.locator('summary', { hasText: 'Send a parcel' }).click();
    await tab.locator('details[open] input[name=carrier]').fill('SF');
    await tab.locator('details[open] input[name=tracking_no]').fill(number);
  };
  const other = await context.newPage();
  watch(other);
  await fill(page, 'SF2');
  await fill(other, 'SF1');
  await press(other, 'Send a parcel');
  await other.waitForURL(/done=ship/);
  await press(page, 'Send a parcel');
  const missed = await page.locator('.deeds .notice .timeline strong').allInnerTexts();
  told.stale = [await problem(page), missed, await page.locator('details.deed[open] input[name=tracking_no]').inputValue()];
}

const opened = 'details.deed[open]';
const wrongs = (page) => page.locator(`${opened} .wrong`).allInnerTexts();
const facts = (page) => page.locator('main > dl.facts dd').allInnerTexts();

/** A product is refused at its fields and made, not made over one that is there, found, and changed from two tabs. */
async function product(page, context) {
  const fill = async (fields) => {
    if (!(await page.locator(opened).count())) await page.locator('summary', { hasText: 'New product' }).click();
    for (const [name, value] of Object.entries(fields)) await page.fill(`${opened} input[name=${name}]`, value);
    await press(page, 'New product');
  };
  await open(page, '/products');
  await fill({ sku: 'OP-1 ', name: 'Pot <b>', price: '19.999', currency: 'CNY', initial_stock: '7' });
  told.made = [await wrongs(page)];
  await fill({ price: '19.90' });
  await page.waitForURL(/products\/OP-1\?done=add/);
  told.made.push(await page.locator('h1').innerText(), await facts(page));
  await open(page, '/products');
  await fill({ sku: 'OP-1', name: 'Another', price: '1', currency: 'CNY' });
  told.taken = [await problem(page), await wrongs(page), await page.inputValue(`${opened} input[name=name]`)];
  await page.fill('input[name=q]', 'pot <B');
  await press(page, 'Search');
  await page.waitForURL(/q=/);
  const rows = page.locator('main table tbody tr');
  told.found = await rows.locator('td:first-child a').allInnerTexts();
  await rows.locator('td:first-child a').first().click();
  await page.waitForURL(/OP-1$/);
  const price = async (tab, amount) => {
    await tab.fill(`${opened} input[name=price]`, amount);
    await press(tab, 'Edit the product');
  };
  const other = await context.newPage();
  watch(other);
  await other.goto(page.url());
  for (const tab of [page, other]) await tab.locator('summary', { hasText: 'Edit the product' }).click();
  await price(other, '25.50');
  await other.waitForURL(/done=change/);
  await price(page, '21');
  told.edited = [await problem(page), await page.locator(`${opened} dl dd`).allInnerTexts(), await page.inputValue(`${opened} input[name=price]`)];
  await press(page, 'Edit the product');
  await page.waitForURL(/done=change/);
  told.edited.push((await facts(page))[0]);
}

/** An order of several units is sent in two parcels; more than is left of a line is refused at that line. */
async function parts(page) {
  const orders = (status) => page.goto(`${wanted.shop}/console/orders?status=${status}`);
  const units = page.locator(`${opened} fieldset.units input`);
  const left = () => units.evaluateAll((fields) => fields.map((field) => Number(field.value)));
  const parcel = async (number) => {
    await page.locator('summary', { hasText: 'Send a parcel' }).click();
    await page.fill(`${opened} input[name=carrier]`, 'SF');
    await page.fill(`${opened} input[name=tracking_no]`, number);
  };
  await orders('paid');
  const links = await page.locator('#found table a').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
  const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);
  let before = [];
  for (const link of links) {
    await page.goto(`${wanted.shop}${link}`);
    await parcel('OP-SF1');
    before = await left();
    if (sum(before) > 1) break;
  }
  const parcels = page.locator('main li ul.fine');
  const sent = await parcels.count();
  for (let at = 0; at < before.length; at += 1) await units.nth(at).fill('0');
  await press(page, 'Send a parcel');
  told.parts = { none: await wrongs(page) };
  await units.first().fill(String(before[0] + 1));
  await press(page, 'Send a parcel');
  told.parts.more = [await problem(page), (await wrongs(page)).length];
  await units.first().fill('1');
  await press(page, 'Send a parcel');
  await page.waitForURL(/done=ship/);
  told.parts.first = [await page.locator('main dl.facts .status').last().innerText(), await parcels.last().locator('li').count()];
  await parcel('OP-SF2');
  told.parts.left = [sum(before), sum(await left())];
  await page.setViewportSize({ width: 360, height: 740 });
  told.parts.narrow = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  told.parts.shown = await page.locator(`${opened} fieldset.units`).isVisible();
  await page.setViewportSize({ width: 1280, height: 720 });
  await press(page, 'Send a parcel');
  await page.waitForURL(/done=ship/);
  told.parts.rest = [await page.locator('main dl.facts .status').first().innerText(), (await parcels.count()) - sent];
}

/** Every screen, as narrow as a small telephone is. */
async function narrow(page, context) {
  const first = async (list) => {
    await open(page, list);
    return (await page.locator('main table a').first().getAttribute('href')).replace('/console', '');
  };
  const screens = [
    '', '/orders', '/products', '/products/OP-1', '/products?q=none', '/refunds', '/refunds?status=rejected', '/refunds?status=succeeded', '/members', '/staff', '/audit', '/audit?after=0',
    '/settings', '/settings/checkout', '/settings/refunds', '/settings/sessions/staff', '/tenants', await first('/staff'),
  ];
  await page.setViewportSize({ width: 360, height: 740 });
  for (const lang of ['en', 'zh-CN']) {
    await context.addCookies([{ name: 'mideng-lang', value: lang, url: wanted.shop }]);
    for (const screen of screens) {
      await open(page, screen);
      const [whole, seen] = await page.evaluate(() => {
        for (const deed of document.querySelectorAll('main details')) deed.open = true;
        return [document.documentElement.scrollWidth, innerWidth];
      });
      if (whole > seen) told.wide.push(`${lang} ${screen}: ${whole}`);
      told.screens[`${lang} /console${screen}`] = await page.locator('h1').innerText();
    }
  }
}

/** A merchant sends a form when their session is gone. */
async function gone(browser) {
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  watch(page);
  await logIn(page, 'merchant');
  told.menu = await page.locator('header nav a').allInnerTexts();
  await product(page, context);
  await parts(page);
  await open(page, '/members');
  await page.locator('summary', { hasText: 'Add a member' }).click();
  await page.fill('input[name=login]', 'carl');
  await page.fill('input[name=name]', 'Carl');
  await context.clearCookies({ name: /-mideng-staff$/ });
  await press(page, 'Add a member');
  const asked = path(page);
  await page.getByRole('button', { name: /^merchant/ }).click();
  await page.waitForURL(/members/);
  told.gone = [asked, path(page)];
}

(async () => {
  const browser = await chromium.launch({ executablePath: wanted.chromium, args: ['--no-sandbox'] });
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  watch(page);
  await logIn(page, 'admin');
  await staff(page);
  await limits(page, context);
  await stale(page, context);
  await gone(browser);
  await narrow(page, context);
  await browser.close();
  process.stdout.write(JSON.stringify(told));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
