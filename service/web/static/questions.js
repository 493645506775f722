// The questions as LForms renders them, mended where its markup falls short. Knows no token and sends nothing.

import { attached } from "./draft.js";

// What the server takes as a copy.
const TYPES = ["application/pdf", "image/jpeg", "image/png", "image/tiff", "text/plain"];
const LARGEST = 4 * 1024 * 1024; // bytes, of all files together
const FILE = `One file: PDF, JPEG, PNG, TIFF or plain text. All files together at most ${LARGEST / 1024 / 1024} MB.`;
const FOUND = / \(found in the chart: please check\)$/; // the server's mark on what it filled in

let asked = new Map(); // items of the questionnaire by linkId
let root = null;
let moving = null; // the item whose file is coming or going

/** LForms itself, in the order that it needs. */
export async function load() {
  for (const name of ["zone.min.js", "lhc-forms.js", "lformsFHIR.min.js"]) {
    await new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `lforms/${name}`;
      script.onload = resolve;
      script.onerror = () => reject(new Error(name));
      document.head.append(script);
    });
  }
}

/** Renders a questionnaire, with the answers of a response where there is one (they win over initial values). */
export async function render(questionnaire, response, place) {
  root = place;
  asked = new Map([...all(questionnaire.item)].map((item) => [item.linkId, item]));
  const plain = { ...questionnaire, item: simplified(questionnaire.item) };
  let form = LForms.Util.convertFHIRQuestionnaireToLForms(plain, "R4");
  if (response) form = LForms.Util.mergeFHIRDataIntoLForms(response, form, "R4");
  form.templateOptions = { ...form.templateOptions, viewMode: "sm" };
  new MutationObserver(mend).observe(root, { childList: true, subtree: true });
  // Caught on their way down: LForms stops some on their way up, and a radio button's change altogether.
  root.addEventListener("change", checked, true);
  root.addEventListener("change", settled, true);
  root.addEventListener("click", settled, true);
  await LForms.Util.addFormToPage(form, root, { prepopulate: false });
  mend();
}

/** The answers as they stand: a QuestionnaireResponse. */
export const response = () => LForms.Util.getFormFHIRData("QuestionnaireResponse", "R4", root);

/** The linkIds of required questions that are shown and not answered, in order. */
export function unanswered() {
  const answered = new Set([...all(response().item)].filter((item) => item.answer?.length).map((item) => item.linkId));
  return [...asked.values()].filter((one) => one.required && !answered.has(one.linkId) && shown(one.linkId))
    .map((one) => one.linkId);
}

/** What a question is called in a list of faults. */
export function words(link) {
  return asked.get(link)?.text ?? link;
}

/** Moves the focus to a question. */
export function focus(link) {
  const found = shown(link)?.querySelector("textarea, input, button");
  found?.focus();
  found?.scrollIntoView({ block: "center" });
}

/** Marks the questions with faults: words by linkId. */
export function mark(faults) {
  for (const item of root.querySelectorAll("lhc-item.lhc-item-question")) complain(item, null);
  for (const [link, said] of faults) complain(shown(link), said);
}

/** Says what is wrong with a question, beside its field; null takes back what was said. */
function complain(item, said) {
  const field = item && control(item);
  if (!field) return;
  item.querySelectorAll(".fault").forEach((one) => one.remove());
  field.removeAttribute("aria-invalid");
  const told = [];
  if (said) {
    const fault = paragraph("fault", linkOf(item), said);
    item.querySelector(".lhc-de-input-unit").before(fault);
    field.setAttribute("aria-invalid", "true");
    told.push(fault.id);
  }
  const help = item.querySelector(".help");
  if (help) told.push(help.id);
  if (told.length) field.setAttribute("aria-describedby", told.join(" "));
  else field.removeAttribute("aria-describedby");
}

const paragraph = (kind, link, said) =>
  Object.assign(document.createElement("p"), { className: kind, id: `${kind}-${link}`, textContent: said });

function* all(items = []) {
  for (const item of items) {
    yield item;
    yield* all(item.item);
  }
}

/** Without the helps, which stand beside their questions here, and with a criterion's number alone for its title: the
 * question says it in other words just below. */
function simplified(items) {
  return items.filter((item) => item.type !== "display").map((item) => ({
    ...item,
    ...(item.linkId.endsWith("#group") && { text: item.linkId.replace(/#group$/, "") }),
    ...(item.item && { item: simplified(item.item) }),
  }));
}

const linkOf = (item) => item.id.replace(/^item-/, "").replace(/(\/\d+)+$/, "");
const shown = (link) => [...root.querySelectorAll("lhc-item")].find((item) => linkOf(item) === link);
const control = (item) => item.querySelector("[role=radiogroup], textarea, input");

/** What LForms leaves out: headings, helps beside their questions, names and limits of fields. Done once to each. */
function mend() {
  for (const item of root.querySelectorAll("lhc-item")) {
    const link = linkOf(item);
    const told = asked.get(link);
    if (told?.type === "group") heading(item, link);
    else if (told) question(item, told);
  }
}

function heading(item, link) {
  const title = item.querySelector(".lhc-item-group-title");
  if (!title || title.hasAttribute("role")) return;
  title.hidden = link.endsWith("#branch"); // it says again what was chosen just above
  title.setAttribute("role", "heading");
  title.setAttribute("aria-level", "2");
}

function question(item, told) {
  const field = control(item);
  if (field && !field.dataset.mended) {
    field.dataset.mended = "1";
    field.removeAttribute("placeholder");
    if (told.required) field.setAttribute("aria-required", "true");
    if (told.maxLength) field.maxLength = told.maxLength;
    if (told.type === "attachment") {
      field.setAttribute("aria-labelledby", item.querySelector("label").id);
      field.accept = TYPES.join();
    }
    const note = helped(item, told);
    if (note) field.setAttribute("aria-describedby", note.id);
    // "Not Answered" is hidden and must not hold the one stop of the Tab key that a group has.
    const none = item.querySelector("[id$='|null'] input");
    if (none) none.checked = false;
    if (FOUND.test(told.text)) field.addEventListener("input", () => marked(item, told, field.value));
    follow(item, field);
  }
  if (FOUND.test(told?.text ?? "") && field) marked(item, told, field.value);
  file(item);
}

/** What was found in the chart is marked while it stands as it was found. */
function marked(item, told, value) {
  const label = item.querySelector("label .question");
  const wanted = value.trim() === told.initial?.[0]?.valueString ? told.text : told.text.replace(FOUND, "");
  if (label && label.textContent !== wanted) label.textContent = wanted;
}

function helped(item, told) {
  const said = told.type === "attachment" ? FILE
    : (told.item ?? []).filter((one) => one.type === "display").map((one) => one.text).join(" ");
  if (!said) return null;
  const note = paragraph("help", told.linkId, said);
  item.querySelector(".lhc-de-input-unit").before(note);
  return note;
}

/** An attached file is a name with a button; LForms' link leads nowhere. */
function file(item) {
  item.querySelector("a.download-link")?.removeAttribute("href");
  const remove = item.querySelector(".lf-remove-attachment");
  if (remove && !remove.hasAttribute("aria-label")) {
    remove.setAttribute("aria-label", remove.title);
    remove.textContent = "Remove";
    follow(item, remove);
  }
}

/** Moves the focus on where a file came or went, as what had it is gone. */
function follow(item, to) {
  if (moving !== item) return;
  moving = null;
  to.focus();
}

/** Stops a file that the server would refuse, before LForms takes it. */
function checked(event) {
  const chosen = event.target.type === "file" ? event.target.files[0] : null;
  if (!chosen) return;
  const said = !TYPES.includes(chosen.type) ? `${chosen.name} is no PDF, JPEG, PNG, TIFF or plain text`
    : chosen.size > LARGEST ? `${chosen.name} is larger than ${LARGEST / 1024 / 1024} MB`
    : chosen.size + held() > LARGEST ? `with ${chosen.name} the files are more than ${LARGEST / 1024 / 1024} MB together`
    : chosen.size === 0 ? `${chosen.name} is empty` : null;
  complain(event.target.closest("lhc-item"), said);
  if (!said) return;
  event.stopImmediatePropagation();
  event.target.value = "";
}

/** The bytes of the files that are attached already. */
const held = () => attached(response().item).reduce((sum, { file }) => sum + (file.data.length * 3) / 4, 0);

/** With an answer, its fault goes. */
function settled(event) {
  const item = event.target.closest("lhc-item");
  if (!item) return;
  // LForms cancels a click on a radio button, and the browser, whose own button is shown here, unchecks it again.
  if (event.target.type === "radio") event.preventDefault = () => {};
  if (event.type === "change" || event.target.closest(".ant-radio-wrapper")) complain(item, null);
  if (event.target.matches(event.type === "click" ? ".lf-remove-attachment" : "[type=file]")) moving = item;
}
