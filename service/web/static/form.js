// The page of a form: opens it by the token of its link, has it filled in, and sends the answers.

import { attached, close, current, drafts, named, token } from "./draft.js";
import { focus, load, mark, render, response, unanswered, words } from "./questions.js";

const at = (id) => document.getElementById(id);
const AGAIN = "Sign the order again: its card gives a new link.";
const UNREACHED = "The service was not reached, or did not answer in time.";

const opened = token();
let kept = null; // the drafts of this form; null while there is nothing to keep, and when the answers were sent
let form = null; // the questionnaire's id
let replaces = null;
let lost = {}; // what files were not kept over a reload, by linkId

addEventListener("hashchange", () => named() && location.reload());
addEventListener("popstate", () => !named() && current() !== opened && location.reload());
start();

async function start() {
  if (!opened) {
    const told = "This page shows a form by the link on a card. Open it from the card in your record system.";
    return state("No form is opened", told);
  }
  state("Loading the form …", "");
  const loaded = load();
  loaded.catch(() => {});
  try {
    const answer = await call("GET");
    if (answer.status !== 200) return refused(answer);
    await loaded;
    about(answer.body);
    if (answer.body.answered) answered(answer.body);
    else await fill(answer.body);
  } catch {
    state("The form could not be loaded", UNREACHED, "Try again", () => location.reload());
  }
}

/** The entry's answer: {status, body}; `body` null where it is no JSON. */
async function call(method, given) {
  const answer = await fetch("entry", {
    method,
    headers: { Authorization: `Bearer ${opened}`, ...(given && { "Content-Type": "application/json" }) },
    body: given && JSON.stringify(given),
    cache: "no-store",
    credentials: "omit",
    signal: AbortSignal.timeout(given ? 120_000 : 30_000),
  });
  return { status: answer.status, body: await answer.json().catch(() => null) };
}

function state(title, told, action, act) {
  at("form").hidden = true;
  at("state").hidden = false;
  at("state-title").textContent = title;
  at("state-words").textContent = told;
  at("state-act").hidden = !action;
  at("state-act").textContent = action ?? "";
  at("state-act").onclick = act ?? null;
}

function refused(answer) {
  if (answer.status === 401) return state("There is no form under this link", AGAIN);
  if (answer.status === 410) return state("This form is closed", `${sentences(answer)} ${AGAIN}`);
  throw new Error(String(answer.status));
}

function about({ about: told, expires }) {
  at("patient").textContent = told.patient;
  for (const name of ["order", "dose", "indication", "policy"]) {
    at(name).textContent = told[name] ?? "";
    at(name).parentElement.hidden = !told[name];
  }
  at("expires").textContent = moment(expires);
  at("expires").dateTime = expires;
  at("about").hidden = false;
}

function answered(entry) {
  const { id, by, at: on } = entry.answered;
  const told = `By ${by}, ${moment(on)}. Sign the order again; the answers are read then.`;
  const anew = "To answer anew is to answer every question again: what was answered is not shown here.";
  state("This form was answered", `${told} ${anew}`, "Answer anew", async () => {
    replaces = id;
    await fill(entry);
    at("questions").querySelector("input, textarea")?.focus();
  });
}

async function fill({ questionnaire, draft: name }) {
  const store = drafts(name);
  const found = store.read();
  const draft = found?.form === questionnaire.id ? found : null;
  form = questionnaire.id;
  await render(questionnaire, draft?.response, at("questions"));
  at("by").value = draft?.by ?? "";
  lost = draft?.lost ?? {};
  kept = store;
  say({});
  busy(false);
  state("", "");
  at("state").hidden = true;
  at("form").hidden = false;
}

let waiting = 0;
for (const kind of ["input", "change", "click"]) {
  at("form").addEventListener(kind, () => {
    clearTimeout(waiting);
    waiting = setTimeout(keep, 300);
  }, true);
}
addEventListener("pagehide", () => waiting && keep());

function keep() {
  waiting = 0;
  if (!kept) return;
  const given = response();
  for (const { item } of attached(given.item)) delete lost[item.linkId];
  const written = kept.write({ form, by: at("by").value, response: given, lost });
  const large = Object.entries(written?.lost ?? {}).filter(([link]) => !(link in lost));
  say(Object.fromEntries(large), !written);
}

/** Names the files that a reload cost, and those that one would (`large`, by linkId); and says where it costs all. */
function say(large, all = false) {
  const told = [
    [lost, "not kept over the reload; please attach again."],
    [large, "too large to be kept if this page is reloaded, but sent with the answers."],
  ].filter(([files]) => Object.keys(files).length);
  const said = told.map(([files, words]) => `${Object.values(files).join(", ")}: ${words}`);
  if (all) said.push("This browser keeps nothing here: if this page is reloaded, all is to be filled in again.");
  at("kept").textContent = said.join(" ");
}

at("sending").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (at("send").disabled || !complete()) return;
  busy(true);
  try {
    await sent(await call("POST", { response: response(), by: at("by").value.trim(), replaces }));
  } catch {
    trouble("The answers could not be sent", `${UNREACHED} They stay on this page: please submit again.`);
  }
  busy(false);
});

function busy(on) {
  at("send").disabled = on;
  at("send").textContent = on ? "Sending …" : replaces ? "Submit in place of the earlier answers" : "Submit";
}

/** Whether nothing required is empty; what is, is told. */
function complete() {
  const faults = unanswered().map((link) => [link, "needs an answer"]);
  if (!at("by").value.trim()) faults.push(["by", "needs an answer"]);
  faulty(faults);
  return faults.length === 0;
}

async function sent({ status, body }) {
  if (status === 200 || status === 201) return done(body); // the first: they were kept already, and the reply was lost
  if (status === 409) return overtaken();
  const issues = Array.isArray(body?.issue) ? body.issue : [];
  if (status === 422 && issues.length) {
    return faulty(issues.map((one) => [one.expression?.[0] ?? null, one.diagnostics]));
  }
  const said = sentences({ body }) || `The service answered with an error (${status}).`;
  const closed = status === 401 || status === 410;
  trouble("The answers were not taken", `${said} ${closed ? AGAIN : "They stay on this page."}`);
}

function done({ at: on }) {
  kept?.drop();
  kept = null;
  close(); // who comes to this screen next opens nothing
  clearTimeout(waiting);
  state("Sent", `${moment(on)}, by ${at("by").value.trim()}. Sign the order again; the answers are read then.`);
  at("state").focus();
}

/** Someone else answered meanwhile: who, and that theirs stand unless this is sent again. */
async function overtaken() {
  const { body } = await call("GET");
  replaces = body?.answered?.id ?? null;
  const told = body?.answered ? `${body.answered.by} answered on ${moment(body.answered.at)}.` : "";
  trouble("Other answers came first", `${told} Yours were not sent. Submit again only if yours are to stand in their place.`);
}

function faulty(faults) {
  const own = faults.find(([link]) => link === "by");
  unsigned(own?.[1]);
  mark(faults.filter(([link]) => link && link !== "by"));
  if (!faults.length) return at("errors").replaceChildren();
  const list = document.createElement("ul");
  list.append(...faults.map(([link, said]) => listed(link, said)));
  trouble(faults.length === 1 ? "One answer needs attention" : `${faults.length} answers need attention`, list);
}

/** Says what is wrong with the name; nothing takes it back. */
function unsigned(said) {
  if (said) at("by").setAttribute("aria-invalid", "true");
  else at("by").removeAttribute("aria-invalid");
  at("by-fault").textContent = said ?? "";
  at("by-fault").hidden = !said;
}

at("by").addEventListener("input", () => unsigned());

function listed(link, said) {
  const entry = document.createElement("li");
  const called = link === "by" ? "Your name and role" : link ? words(link) : "The answers";
  if (link) {
    const to = Object.assign(document.createElement("a"), { href: `#${link}`, textContent: called });
    to.addEventListener("click", (event) => {
      event.preventDefault();
      if (link === "by") at("by").focus();
      else focus(link);
    });
    entry.append(to, `: ${said}`);
  } else entry.append(sentence(said));
  return entry;
}

function trouble(title, told) {
  const heading = Object.assign(document.createElement("h2"), { textContent: title });
  const words = typeof told === "string" ? Object.assign(document.createElement("p"), { textContent: told }) : told;
  at("errors").replaceChildren(heading, words);
  at("errors").focus();
}

function sentences({ body }) {
  const said = (Array.isArray(body?.issue) ? body.issue : []).map((one) => one.diagnostics).filter(Boolean);
  return said.map(sentence).join(" ");
}

const sentence = (said) => `${said[0].toUpperCase()}${said.slice(1)}.`;

function moment(instant) {
  const on = new Date(instant);
  return isNaN(on) ? instant : on.toLocaleString("en", { dateStyle: "medium", timeStyle: "short" });
}
