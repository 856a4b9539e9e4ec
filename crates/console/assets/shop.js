// The checkout's script. One key names the wish; it is sent until there is a final answer, and the button is locked while one is
// on its way. Without this script a form does the same, one page at a time.
"use strict";

// As the reader writes them, where they read the page's language.
const tongue = document.documentElement.lang;
const own = navigator.languages.find((tag) => tag.split("-")[0] === tongue.split("-")[0]) ?? tongue;
const inOwnZone = new Intl.DateTimeFormat(own, { dateStyle: "short", timeStyle: "medium" });
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (!Number.isNaN(at.valueOf())) time.textContent = inOwnZone.format(at);
}

const follow = document.getElementById("follow");
if (follow) setTimeout(lookAgain, 1000 * Number(follow.dataset.every));

// The page is taken anew only where it says something else: whoever is about to press a link on it does not lose it.
async function lookAgain() {
  try {
    const answer = await fetch(location.href);
    const text = await answer.text();
    const isRefused = answer.status >= 400 && answer.status < 500;
    const now = new DOMParser().parseFromString(text, "text/html").getElementById("follow");
    // A refusal is for the reader. What is only out of breath, server or network, is asked again.
    if (isRefused || (answer.ok && now?.dataset.state !== follow.dataset.state)) return location.reload();
  } catch { /* The network comes back. */ }
  setTimeout(lookAgain, 1000 * Number(follow.dataset.every));
}

const form = document.getElementById("checkout");
if (form) checkout(form);

function checkout(form) {
  const button = document.getElementById("place");
  const state = document.getElementById("state");
  const log = document.getElementById("log");
  const see = document.getElementById("see");
  const logIn = document.getElementById("log-in");
  const explore = document.getElementById("explore");
  const stored = () => `mideng-checkout-${form.dataset.orderNo}`;
  let key = localStorage.getItem(stored()) || form.elements.key.value;
  let over = false;
  // Whether the server has said what becomes of this wish: before that, what makes it worse would come first.
  let isKnown = false;
  // Whether the wish was refused for good: its number, token and key are spent.
  let isSpent = false;

  showKey();

  function showKey() {
    localStorage.setItem(stored(), key);
    document.getElementById("key").textContent = key;
    form.elements.key.value = key;
  }

  function wish(note = form.elements.note.value.trim()) {
    const wish = JSON.parse(form.dataset.wish);
    if (note) wish.note = note;
    return wish;
  }

  // One request. What the server said to it, or null where no answer came.
  async function send({ under = key, body = wish(), isLost = false } = {}) {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": under };
    if (form.elements.token.value) headers["One-Time-Token"] = form.elements.token.value;
    // Whoever hears nothing for so long does not know, as if the line were cut.
    const signal = AbortSignal.timeout(1000 * Number(form.dataset.patience));
    const options = { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin", signal };
    try {
      const answer = await fetch("/api/v1/orders", options);
      const told = { status: answer.status, how: answer.headers.get("Idempotency-Status"), body: await answer.json() };
      if (under === key && told.status !== 401 && !isOpen(told)) known();
      if (isLost) throw new Error("the reply is lost on its way");
      note(told, under);
      return told;
    } catch {
      note(null, under);
      return null;
    }
  }

  function note(told, under) {
    const line = document.createElement("li");
    const how = !told ? "lost" : told.how === "replayed" ? "replayed" : told.status < 300 ? "executed" : "refused";
    const code = told?.body?.code ? ` · ${told.body.code}` : "";
    const number = told?.body?.order_no ? ` · ${told.body.order_no}` : "";
    line.className = how;
    line.textContent = `${told ? told.status : "—"} ${log.dataset[how]}${code}${number}`;
    line.title = under;
    log.append(line);
    if (told && told.status < 300) placed();
    if (told?.status === 401) out();
  }

  // Something stands under the key: from now on there is something to look at, and to make worse.
  function known() {
    isKnown = true;
    explore.href = `/console/keys?${new URLSearchParams({ key, account: explore.dataset.who })}`;
    explore.hidden = false;
  }

  function placed() {
    over = true;
    localStorage.removeItem(stored());
    state.textContent = state.dataset.placed;
    button.textContent = button.dataset.over;
    button.disabled = true;
    logIn.hidden = true;
    // The page of a checkout that is done leads to the order, and takes what was ordered out of the cart.
    see.href = location.href;
    see.hidden = false;
  }

  // The session is over, and the wish is not: whoever comes back sends it under the same key.
  function out() {
    state.textContent = state.dataset.out;
    logIn.href = `/shop/me?${new URLSearchParams({ to: location.pathname + location.search })}`;
    logIn.hidden = false;
  }

  // Not known yet, and worth asking again under the same key: no answer, one that is being worked on, too many, or a server that
  // is not well.
  const isOpen = (told) => !told || told.status >= 500 || told.status === 429 || told.body?.code === "request_in_flight";

  async function press() {
    if (button.disabled) return;
    button.disabled = true;
    logIn.hidden = true;
    state.textContent = state.dataset.sending;
    if (isSpent) await renew();
    if (!isSpent && !over) await answered(await send());
    button.disabled = over;
    if (over && !form.dataset.stay) location.reload();
  }

  // What is told of an answer to a press; of an order, and of a session that is over, the log has told.
  async function answered(told) {
    if (over || told?.status === 401) return;
    if (isOpen(told)) {
      state.textContent = state.dataset.unknown;
      return;
    }
    isSpent = true;
    await renew();
    const names = JSON.parse(state.dataset.names ?? "{}");
    if (!isSpent) state.textContent = `${state.dataset.refused} ${names[told.body.code] ?? told.body.detail ?? ""}`;
  }

  // A final refusal ends the wish. The next press is another: a checkout of its own, unless there is the order already.
  async function renew() {
    state.textContent = state.dataset.unopened;
    try {
      const there = await fetch(`/api/v1/orders/${form.dataset.orderNo}`);
      if (there.ok) placed();
      else if (there.status === 401) out();
      else if (there.status < 500 && there.status !== 429) await begin();
    } catch {
      // The next press asks again.
    }
  }

  async function begin() {
    const fields = new URLSearchParams({ key: `form-${crypto.randomUUID()}` });
    if (form.elements.sku) fields.set("sku", form.elements.sku.value);
    const answer = await fetch("/shop/checkout", { method: "POST", body: fields });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("checkout");
    if (!fresh) return;
    localStorage.removeItem(stored());
    history.replaceState(null, "", answer.url);
    // What the page shows is what is ordered, whatever has become of the cart meanwhile.
    form.dataset.wish = JSON.stringify({ ...JSON.parse(form.dataset.wish), order_no: fresh.dataset.orderNo });
    form.dataset.orderNo = document.getElementById("order-no").textContent = fresh.dataset.orderNo;
    form.elements.token.value = fresh.elements.token.value;
    key = fresh.elements.key.value;
    showKey();
    isKnown = isSpent = false;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    press();
  });

  // The server's own log of what this customer sent, as it is written.
  const served = document.getElementById("served");
  let seen = null;
  async function look() {
    try {
      const answer = await fetch(seen === null ? "/api/v1/arrivals?limit=1" : `/api/v1/arrivals?limit=200&after=${seen}`);
      if (!answer.ok) return;
      const came = await answer.json();
      for (const one of seen === null ? [] : came.data) {
        if (!one.route.endsWith("/orders")) continue;
        const line = document.createElement("li");
        line.className = one.outcome;
        const code = one.code ? ` · ${one.code}` : "";
        line.textContent = `${one.status} ${log.dataset[one.outcome]}${code} · ${(one.took_us / 1000).toFixed(1)} ms`;
        line.title = `${one.key} · ${one.request_id}`;
        served.append(line);
      }
      seen = came.last;
    } catch {
      // The next look may find it.
    }
  }
  // The panel is there once it is known from where on the log is this page's.
  look().then(() => {
    document.getElementById("worse").hidden = false;
    setInterval(() => document.hidden || look(), 1000);
  });

  const worse = {
    ten: () => Promise.all(Array.from({ length: 10 }, () => send())),
    drop: async () => {
      await send({ isLost: true });
      if (!over) state.textContent = state.dataset.unknown;
    },
    late: async (one) => {
      if (!(await first())) return;
      const word = one.textContent;
      for (let left = 5; left > 0; left -= 1) {
        one.textContent = `${word} · ${left}`;
        await new Promise((done) => setTimeout(done, 1000));
      }
      one.textContent = word;
      await send();
    },
    tab: async () => (await first()) && send({ under: `checkout-${crypto.randomUUID()}` }),
    other: async () => (await first()) && send({ body: wish("another wish") }),
  };

  // These come behind the order itself. Where nobody knows whether it arrived, they do not come at all: one of them could be it.
  async function first() {
    if (!isKnown) {
      const told = await send();
      if (!isKnown && told?.status !== 401) state.textContent = state.dataset.unknown;
    }
    return isKnown;
  }

  for (const one of document.querySelectorAll("[data-worse]")) {
    one.addEventListener("click", async () => {
      form.dataset.stay = "yes";
      one.disabled = true;
      await worse[one.dataset.worse](one);
      one.disabled = false;
    });
  }
}
