// The checkout's script. One key names the wish; it is sent until there is a final answer, and the button is locked while one is
// on its way. Without this script a form does the same, one page at a time.
"use strict";

const inOwnZone = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "medium" });
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (!Number.isNaN(at.valueOf())) time.textContent = inOwnZone.format(at);
}

const follow = document.getElementById("follow");
if (follow) setTimeout(() => location.reload(), 1000 * Number(follow.dataset.every));

const form = document.getElementById("checkout");
if (form) checkout(form);

function checkout(form) {
  const button = document.getElementById("place");
  const state = document.getElementById("state");
  const log = document.getElementById("log");
  const orderNo = form.dataset.orderNo;
  const stored = `mideng-checkout-${orderNo}`;
  let key = localStorage.getItem(stored) || form.elements.key.value;
  let over = false;

  showKey();

  function showKey() {
    localStorage.setItem(stored, key);
    document.getElementById("key").textContent = key;
    const explore = document.getElementById("explore");
    explore.href = `/console/keys?${new URLSearchParams({ key, account: explore.dataset.who })}`;
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
    const options = { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" };
    try {
      const answer = await fetch("/api/v1/orders", options);
      if (isLost) throw new Error("the reply is lost on its way");
      const told = { status: answer.status, how: answer.headers.get("Idempotency-Status"), body: await answer.json() };
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
  }

  function placed() {
    over = true;
    localStorage.removeItem(stored);
    state.textContent = state.dataset.placed;
    const see = document.getElementById("see");
    // The page of a checkout that is done leads to the order, and takes what was ordered out of the cart.
    see.href = location.href;
    see.hidden = false;
  }

  // Not known yet, and worth asking again under the same key: no answer, one that is being worked on, too many, or a server that
  // is not well.
  const isOpen = (told) => !told || told.status >= 500 || told.status === 429 || told.body?.code === "request_in_flight";

  async function press() {
    if (button.disabled) return;
    if (over) {
      location.reload();
      return;
    }
    button.disabled = true;
    state.textContent = state.dataset.sending;
    const told = await send();
    button.disabled = false;
    if (told && told.status < 300) {
      if (!form.dataset.stay) location.reload();
    } else if (isOpen(told)) {
      state.textContent = state.dataset.unknown;
    } else {
      state.textContent = `${told.body.detail ?? ""} ${state.dataset.refused}`;
      // A final refusal ends the key: the next press is a new wish.
      key = `checkout-${crypto.randomUUID()}`;
      showKey();
    }
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
    late: () => new Promise((done) => setTimeout(() => done(send()), 5000)),
    tab: () => send({ under: `checkout-${crypto.randomUUID()}` }),
    other: () => send({ body: wish("another wish") }),
  };
  for (const one of document.querySelectorAll("[data-worse]")) {
    one.addEventListener("click", async () => {
      form.dataset.stay = "yes";
      one.disabled = true;
      await worse[one.dataset.worse]();
      one.disabled = false;
    });
  }
}
