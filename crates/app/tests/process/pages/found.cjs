// Drives Chromium to what a reader of the pages found wrong: a file that is not saved, addresses that no page is behind or that no page
// understands, a quantity that is none, a person whom somebody else changed meanwhile, and a customer whose orders are looked
// for. Tells what was seen as JSON.
const { chromium } = require('playwright-core');
const { readFileSync } = require('node:fs');

const wanted = JSON.parse(readFileSync(0, 'utf8'));
const told = { errors: [], files: {}, pages: [], cart: null, person: null, customer: null };

const open = (page, path) => page.goto(`${wanted.shop}${path}`);

async function logIn(page) {
  await open(page, '/console/log-in');
  await page.locator('aside.demo').getByRole('button', { name: /^admin/ }).click();
  await page.waitForURL(/console$/);
}

/** The file behind the button that stands on the page now, if pressing it gives one: its name, and of each row the status. */
async function file(page) {
  const saved = page.waitForEvent('download', { timeout: 8000 }).catch(() => null);
  await page.getByText('As a file (CSV)').click();
  const download = await saved;
  if (!download) return null;
  const rows = readFileSync(await download.path(), 'utf8').trim().split('\r\n').slice(1);
  return { name: download.suggestedFilename(), statuses: rows.map((row) => row.split(',').at(-5)) };
}

/** The orders as a file: all of them, and those that a filter leaves. The filter changes the list in place. */
async function files(page) {
  await open(page, '/console/orders');
  told.files.all = await file(page);
  await open(page, '/console/orders');
  await page.selectOption('select[name=status]', 'paid');
  await page.waitForURL(/status=paid/);
  await page.locator('#found table').waitFor();
  told.files.paid = await file(page);
}

/** A member's orders, by their login in any case and by the link at their name, and what is said of a name that nobody has. */
async function customer(page) {
  const of = 'a[href^="/console/orders?customer="]';
  const all = () => page.locator(`#found ${of}`).allInnerTexts();
  const find = async (word) => {
    await open(page, '/console/orders');
    await page.fill('input[name=q]', word);
    await page.press('input[name=q]', 'Enter');
    await page.waitForURL(/[?&]q=/);
    await page.waitForLoadState();
  };
  await open(page, '/console/orders');
  const name = (await all()).find((text) => text.startsWith('member:'));
  // The demo's servers buy for ids of their own, too, some of which are like a login, in small letters.
  await find(name.slice('member:'.length).toUpperCase());
  const typed = await all();
  await page.locator(`#found ${of}`, { hasText: name }).first().click();
  await page.waitForURL(/customer=per_/);
  const linked = await all();
  await find('nobody-is-called-so');
  await page.locator('#found .empty').waitFor();
  told.customer = { name, typed, linked, nobody: await page.locator('#found .empty').innerText() };
}

/** The newest order, looked for by the day on which its time is shown, by readers at both ends of the earth: for one of them that is
 *  another day than in UTC, whenever it is. */
async function days(browser, context) {
  told.days = {};
  for (const timezoneId of ['Pacific/Kiritimati', 'Pacific/Pago_Pago']) {
    const reader = await browser.newContext({ locale: 'en-GB', timezoneId, storageState: await context.storageState() });
    await reader.clearCookies({ name: 'mideng-zone' });
    const page = await reader.newPage();
    await open(page, '/console/orders');
    const first = await page.locator('form.filters').innerText();
    await page.reload();
    const time = page.locator('#found time').first();
    const order = await page.locator('#found td code').first().innerText();
    const day = await time.evaluate((one) => new Date(one.dateTime).toLocaleDateString('sv'));
    await open(page, `/console/orders?from=${day}&to=${day}`);
    const found = await page.locator('#found td code').allInnerTexts();
    const before = new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10);
    await open(page, `/console/orders?from=${before}&to=${before}`);
    const others = await page.locator('#found td code').allInnerTexts();
    const shown = await page.locator('form.filters').innerText();
    told.days[timezoneId] = [first.includes('UTC'), shown.includes('UTC'), found.includes(order), others.includes(order)];
    await reader.close();
  }
}

/** What somebody sees at an address: the status, the kind of text, the language, the heading, and the server's words. */
async function look(page, path, post) {
  const send = (to) => { const form = Object.assign(document.createElement('form'), { method: 'post', action: to }); document.body.append(form); form.submit(); };
  // An answer without a word is none that a browser shows.
  const answered = page.waitForNavigation().catch(() => null);
  if (post) await page.evaluate(send, `${wanted.shop}${path}`);
  else await open(page, path).catch(() => null);
  const answer = await answered;
  const one = async (selector) => ((await page.locator(selector).count()) ? page.locator(selector).first().innerText() : '');
  told.pages.push({
    path, status: answer?.status() ?? 0, kind: answer?.headers()['content-type'] ?? '', lang: await page.evaluate(() => document.documentElement.lang),
    heading: await one('main h1'), words: await one('main .notice'), menu: await page.locator('header nav a').count(),
  });
}

/** A quantity is deleted and sent. */
async function cart(page) {
  await open(page, '/shop');
  await page.getByRole('button', { name: 'Into the cart' }).first().click();
  await page.waitForURL(/cart/);
  await page.fill('input[name=quantity]', '');
  await page.getByRole('button', { name: 'Change' }).click();
  await page.waitForLoadState();
  const heading = (await page.locator('main h1').count()) ? await page.locator('main h1').innerText() : await page.locator('body').innerText();
  const wrong = await page.locator('form:has(input[aria-invalid]) .wrong').allInnerTexts();
  await open(page, '/shop/cart');
  told.cart = { heading, wrong, left: await page.inputValue('input[name=quantity]') };
}

/** A member who lies open in two tabs is shut out from both. */
async function person(page, context) {
  await open(page, '/console/members');
  const member = await page.locator('main table a').first().getAttribute('href');
  const other = await context.newPage();
  const shut = 'details.deed[open]';
  for (const [tab, why] of [[page, 'asked for it'], [other, 'spam']]) {
    await open(tab, member);
    await tab.locator('summary', { hasText: /^Disable$/ }).click();
    await tab.locator(`${shut} input[name=why]`).fill(why);
  }
  const press = (tab) => tab.locator(shut).getByRole('button', { name: 'Disable', exact: true }).click();
  await press(other);
  await other.waitForURL(/done=disable/);
  await press(page);
  await page.locator('.notice.bad').waitFor();
  told.person = {
    code: await page.locator('.notice.bad a code').innerText(),
    now: await page.locator(`${shut} dl.facts dd`).allInnerTexts(),
    typed: await page.locator(`${shut} input[name=why]`).inputValue(),
  };
}

(async () => {
  const browser = await chromium.launch({ executablePath: wanted.chromium, args: ['--no-sandbox'] });
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  page.on('pageerror', (error) => told.errors.push(error.message));
  await look(page, '/console/nope');
  await logIn(page);
  await files(page);
  await customer(page);
  await days(browser, context);
  for (const path of wanted.pages) await look(page, path);
  for (const path of wanted.forms) {
    await open(page, '/shop/me');
    await look(page, path, true);
  }
  await cart(page);
  await person(page, context);
  const chinese = await (await browser.newContext({ locale: 'zh-CN' })).newPage();
  for (const path of ['/console/nope', '/shop/nope']) await look(chinese, path);
  await browser.close();
  process.stdout.write(JSON.stringify(told));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
