// Keeps the page up to date. Without it everything is shown as it was when the page was loaded, and every button works.
"use strict";

const connection = document.getElementById("connection");
const RETRY_MS = 3000;
// The server says something every ten seconds at least.
const SILENT_MS = 25000;

function say(text, lost) {
  connection.hidden = false;
  connection.classList.toggle("lost", lost);
  if (connection.textContent !== text) connection.textContent = text;
}

const turns = new Map();

// Takes what the server now shows in this part of the page, and leaves the focus where it was.
async function refresh(part) {
  const turn = (turns.get(part) || 0) + 1;
  turns.set(part, turn);
  const answer = await fetch(part.dataset.part, { headers: { accept: "text/html" } });
  if (answer.status === 401) return location.reload();
  if (!answer.ok) throw new Error(answer.statusText);
  const html = await answer.text();
  if (turns.get(part) !== turn || part.dataset.shown === html) return;
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  const fresh = new DOMParser().parseFromString(html, "text/html");
  part.replaceChildren(...fresh.body.childNodes);
  part.dataset.shown = html;
  if (focused) document.getElementById(focused)?.focus();
}

const parts = () => [...document.querySelectorAll("[data-part]")];

async function refreshAll(which) {
  try {
    await Promise.all(which.map(refresh));
    say("Live", false);
  } catch {
    say("Connection lost. What you see may be old; trying again …", true);
    setTimeout(() => refreshAll(which), RETRY_MS);
  }
}

let stream;
let watchdog;

function alive() {
  clearTimeout(watchdog);
  watchdog = setTimeout(lost, SILENT_MS);
}

function lost() {
  clearTimeout(watchdog);
  stream?.close();
  say("Connection lost. What you see may be old; trying again …", true);
  setTimeout(follow, RETRY_MS);
}

function follow() {
  stream = new EventSource("/api/v1/stream");
  alive();
  stream.addEventListener("incidents", (event) => {
    alive();
    say("Live", false);
    const open = JSON.parse(event.data);
    document.title = document.title.replace(/^\(\d+\) /, "");
    if (open.length > 0) document.title = `(${open.length}) ${document.title}`;
    refreshAll(parts());
  });
  stream.addEventListener("alive", alive);
  stream.onerror = lost;
}

// A browser has few connections to one host: a page that nobody looks at keeps none.
document.addEventListener("visibilitychange", () => {
  clearTimeout(watchdog);
  stream?.close();
  if (document.visibilityState === "visible") follow();
});

for (const part of document.querySelectorAll("[data-every]")) {
  setInterval(() => refreshAll([part]), 1000 * part.dataset.every);
}

// Whoever has said their name once is known on every page.
const NAME = "groundswell-name";
const field = document.getElementById("by");
if (field) {
  field.value = localStorage.getItem(NAME) || "";
  field.addEventListener("change", () => localStorage.setItem(NAME, field.value.trim()));
}

// A button does its work without leaving the page.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-act]")) return;
  event.preventDefault();
  const button = event.submitter;
  const body = new URLSearchParams(new FormData(form, button));
  const name = localStorage.getItem(NAME);
  if (!body.get("by") && name) body.set("by", name);
  if (!body.get("by") && form.matches("[data-nameless]") && body.get("act") === "acknowledge") {
    const said = prompt("Who takes it? The others see your name.");
    if (said === null) return;
    if (said.trim()) {
      localStorage.setItem(NAME, said.trim());
      body.set("by", said.trim());
      if (field) field.value = said.trim();
    }
  }
  if (button) button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "application/json" } });
    if (answer.ok) {
      const text = form.querySelector("textarea");
      if (text && body.get("act") === "note") text.value = "";
      await refreshAll(parts());
    } else {
      const problem = await answer.json().catch(() => ({ detail: answer.statusText }));
      say(problem.detail, true);
    }
  } catch {
    say("Connection lost. It was not done; try again.", true);
  } finally {
    if (button) button.disabled = false;
  }
});

follow();
