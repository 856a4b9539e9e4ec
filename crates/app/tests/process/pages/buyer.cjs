// Drives Chromium as a customer who buys: a checkout whose network fails, a reload, refusals, a session that is over, paying at the
// provider's own page, two devices, and all of it without scripts. Tells what was seen as JSON.
const { chromium } = require('playwright-core');

const wanted = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const told = { errors: [] };

const ORDERS = '**/api/v1/orders';
const text = (page, which) => page.locator(which).innerText();

/** From the shop's first page to the checkout, with so many of the product. */
async function toCheckout(page, sku, count = 1) {
  await page.goto(`${wanted.shop}/shop/products/${sku}`);
  for (let at = 0; at < count; at += 1) {
    await page.goto(`${wanted.shop}/shop/products/${sku}`);
    await page.getByRole('button', { name: 'Into the cart' }).click();
  }
  await page.goto(`${wanted.shop}/shop/cart`);
  await page.getByRole('button', { name: 'To the checkout' }).click();
  await page.waitForURL(/checkout\/ord_/);
}

/** The request arrives, and its answer does not. */
async function arrives(page) {
  await page.route(ORDERS, async (route) => {
    told.arrived = (await route.fetch()).status();
    await route.abort();
  });
  await page.locator('#place').click();
  await page.waitForFunction(() => document.getElementById('state').textContent.includes('do not know yet'));
  await page.unroute(ORDERS);
}

/** Nobody answers, and nothing breaks off: that is known no better, once it took too long. */
async function silent(page) {
  await page.route(ORDERS, () => {});
  await page.locator('#checkout').evaluate((form) => { form.dataset.patience = '1'; });
  await page.locator('#place').click();
  await page.waitForFunction(() => document.getElementById('state').textContent.includes('do not know yet'));
  const again = await page.locator('#place').isEnabled();
  await page.unroute(ORDERS);
  return again;
}

/** The reply is lost, the page is loaded anew, and the same wish is sent again: one order. */
async function unsure(page) {
  await toCheckout(page, wanted.goods);
  const key = await text(page, '#key');
  const unheard = await silent(page);
  await arrives(page);
  told.unsure = { silent: unheard, words: await text(page, '#state'), again: await page.locator('#place').isEnabled(), key: (await text(page, '#key')) === key };
  const sent = page.waitForResponse((response) => response.url().endsWith('/api/v1/orders'));
  await page.locator('#place').click();
  const answer = await sent;
  told.again = [answer.status(), answer.headers()['idempotency-status']];
  await page.waitForURL(/shop\/orders\/ord_/);
  await page.goto(`${wanted.shop}/shop/cart`);
  told.cart = await page.getByRole('button', { name: 'To the checkout' }).count();
  await page.goto(`${wanted.shop}/shop/orders`);
  told.orders = await page.locator('main li code').count();
}

/** Before it is sent, a page that is loaded anew keeps its key. While it is sent, nobody presses again. */
async function kept(page) {
  await toCheckout(page, wanted.goods);
  const key = await text(page, '#key');
  await page.reload();
  told.reloaded = (await text(page, '#key')) === key;
  let answered;
  const held = new Promise((go) => { answered = go; });
  await page.route(ORDERS, async (route) => { await held; await route.continue(); });
  await page.locator('#place').click();
  told.locked = await page.locator('#place').isDisabled();
  answered();
  await page.waitForURL(/shop\/orders\/ord_/);
  await page.unroute(ORDERS);
}

/** A refusal ends the wish: the next press is another, with a number and a token of its own. */
async function refused(page) {
  await page.goto(`${wanted.shop}/shop/products/${wanted.scarce}`);
  const left = Number((await text(page, 'main')).match(/in stock: (\d+)/)[1]);
  await toCheckout(page, wanted.scarce, left + 1);
  await pressed(page);
  told.refused = await text(page, '#state');
  await page.goto(`${wanted.shop}/shop/cart`);
  await page.locator('input[name=quantity]').fill('0');
  await page.getByRole('button', { name: 'Change' }).click();
}

/** Presses what is refused, until the page has another try ready. */
async function pressed(page) {
  const before = [await text(page, '#key'), await text(page, '#order-no')];
  await page.locator('#place').click();
  await page.waitForFunction(([key, number]) => ['key', 'order-no'].every((id) => ![key, number].includes(document.getElementById(id).textContent)), before);
  await page.waitForFunction(() => document.getElementById('place').disabled === false);
}

/** A token that is not good: the press behind it has a new one, and places the order that is shown. */
async function spent(page) {
  await toCheckout(page, wanted.goods);
  await page.locator('#checkout [name=token]').evaluate((token) => { token.value = 'of-nobody'; });
  await pressed(page);
  const number = await text(page, '#order-no');
  told.spent = [await text(page, '#state'), new URL(page.url()).pathname === `/shop/checkout/${number}`];
  await page.locator('#place').click();
  await page.waitForURL(`**/shop/orders/${number}`);
}

/** The order arrived, and nobody knows; what is sent then under its key is another wish. It is refused, and leads to the order. */
async function other(page) {
  await toCheckout(page, wanted.goods);
  const number = await text(page, '#order-no');
  await arrives(page);
  await page.locator('[name=note]').fill('and a bow, please');
  const sent = page.waitForResponse((response) => response.url().endsWith('/api/v1/orders'));
  await page.locator('#place').click();
  told.other = (await sent).status();
  await page.waitForURL(`**/shop/orders/${number}`);
}

/** At the provider's own page, and back. */
async function pays(page) {
  await page.goto(`${wanted.shop}/shop/orders`);
  await page.locator('main li a').first().click();
  await page.getByRole('button', { name: 'Pay' }).click();
  // While nothing changes the page stays as it is, under the finger that is about to press.
  await page.getByRole('link', { name: 'To the pay page' }).waitFor();
  await page.evaluate(() => { window.isStill = true; });
  for (let looks = 0; looks < 2; looks += 1) await page.waitForResponse((response) => response.url() === page.url());
  told.stays = await page.evaluate(() => window.isStill === true);
  await page.getByRole('link', { name: 'To the pay page' }).click();
  // Who thinks about it may go back, and come again.
  await page.getByRole('link', { name: 'Back to the shop' }).click();
  await page.waitForURL(/shop\/orders\/ord_/);
  told.thinking = [new URL(page.url()).origin === wanted.shop, await text(page, '#follow')];
  await page.getByRole('button', { name: 'Pay' }).click();
  await page.getByRole('link', { name: 'To the pay page' }).click();
  await page.getByRole('button', { name: 'Pay' }).click();
  await page.getByRole('link', { name: 'Back to the shop' }).click();
  // The page shows it by itself.
  await page.locator('.status', { hasText: /^paid$/ }).waitFor();
  told.paid = await page.locator('.status', { hasText: /^paid$/ }).count();
}

async function logIn(page, behind = /done=in/) {
  if (!page.url().includes('/shop/me')) await page.goto(`${wanted.shop}/shop/me`);
  const [login, password] = (await page.locator('p.fine code').first().innerText()).split(' / ');
  await page.getByLabel('Login').fill(login);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL(behind);
}

/** What a guest began is theirs when they log in; on another device they see it, and end the first. */
async function devices(page, other) {
  await logIn(page);
  await page.goto(`${wanted.shop}/shop/orders`);
  told.theirs = await page.locator('main li code').count();
  await logIn(other);
  await other.goto(`${wanted.shop}/shop/orders`);
  told.elsewhere = await other.locator('main li code').count();
  await toCheckout(page, wanted.goods);
  const key = await text(page, '#key');
  await ends(other);
  await page.locator('#place').click();
  told.out = [await atLogIn(page), (await text(page, '#key')) === key];
  // Back behind the log-in it is the same wish.
  await page.getByRole('link', { name: 'Log in' }).click();
  told.ended = await page.getByRole('button', { name: 'Log in' }).count();
  await logIn(page, /shop\/checkout\/ord_/);
  told.out.push((await text(page, '#key')) === key);
  // This time it arrives before the session ends: there is one order, and the way back leads there.
  await arrives(page);
  await ends(other);
  await page.locator('#place').click();
  await atLogIn(page);
  await page.getByRole('link', { name: 'Log in' }).click();
  await logIn(page, /shop\/orders\/ord_/);
  await page.goto(`${wanted.shop}/shop/orders`);
  told.still = await page.locator('main li code').count();
}

/** A guest's session is lost: nobody comes back as that guest. As a member they have a try of their own. */
async function stranger(page) {
  await toCheckout(page, wanted.goods);
  await page.context().clearCookies({ name: /-mideng$/ });
  await page.locator('#place').click();
  told.stranger = await atLogIn(page);
  await page.getByRole('link', { name: 'Log in' }).click();
  await logIn(page, /shop\/checkout\/ord_/);
  await pressed(page);
  await page.locator('#place').click();
  await page.waitForURL(/shop\/orders\/ord_/);
  await page.getByRole('button', { name: 'Pay' }).click();
  await page.getByRole('link', { name: 'To the pay page' }).waitFor();
  // The page that waits for the payment says so where its session is lost, and asks no more: each question would be of a new guest.
  await page.context().clearCookies({ name: /-mideng$/ });
  await page.locator('#follow').waitFor({ state: 'detached' });
  const asks = await page.waitForRequest(/shop\/orders/, { timeout: 3000 }).then(() => true, () => false);
  told.lost = [asks, await text(page, 'main')];
}

/** Ends the session of the other device. */
async function ends(page) {
  await page.goto(`${wanted.shop}/shop/me`);
  await page.getByRole('button', { name: 'Log it out' }).first().click();
  await page.waitForURL(/done=ended/);
}

/** What a checkout says that asks to log in. */
async function atLogIn(page) {
  await page.getByRole('link', { name: 'Log in' }).waitFor();
  return text(page, '#state');
}

/** All of it where no script runs: the shop, and an operator who finds the order. */
async function scriptless(page) {
  await toCheckout(page, wanted.goods);
  await page.getByRole('button', { name: 'Place the order' }).click();
  await page.waitForURL(/shop\/orders\/ord_/);
  const order = new URL(page.url()).pathname.split('/').pop();
  await page.goto(`${wanted.shop}/console/log-in`);
  await page.getByRole('button', { name: /^admin/ }).click();
  await page.goto(`${wanted.shop}/console/orders`);
  await page.getByLabel(/^Number/).fill(order);
  await page.getByRole('button', { name: 'Search' }).click();
  await page.locator('summary', { hasText: 'Cancel the order' }).click();
  const form = page.locator('form').filter({ has: page.getByRole('button', { name: 'Cancel the order' }) });
  const [action, fields] = [await form.getAttribute('action'), {}];
  for (const field of await form.locator('[name]').all()) fields[await field.getAttribute('name')] = await field.inputValue();
  await page.getByRole('button', { name: 'Cancel the order' }).click();
  await page.waitForURL(/done=cancel/);
  // The same form once more, as a browser sends it that was told to: it is the same wish.
  // Outside of a page the cookies of a secure place are not sent by themselves to this one.
  const cookie = (await page.context().cookies()).map((one) => `${one.name}=${one.value}`).join('; ');
  const headers = { origin: wanted.shop, cookie };
  const again = await page.request.post(`${wanted.shop}${action}`, { form: fields, maxRedirects: 0, headers });
  told.twice = [again.status(), again.headers().location ?? (await again.text())];
  await page.reload();
  told.scriptless = await page.locator('.timeline li strong').allInnerTexts();
}

(async () => {
  const browser = await chromium.launch({ executablePath: wanted.chromium, args: ['--no-sandbox'] });
  const open = async (more = {}) => (await browser.newContext({ locale: 'en-GB', ...more })).newPage();
  const [page, device] = [await open(), await open()];
  page.on('pageerror', (error) => told.errors.push(error.message));
  await unsure(page);
  await kept(page);
  await refused(page);
  await spent(page);
  await other(page);
  await pays(page);
  await devices(page, device);
  await stranger(await open());
  await scriptless(await open({ javaScriptEnabled: false }));
  await browser.close();
  process.stdout.write(JSON.stringify(told));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
