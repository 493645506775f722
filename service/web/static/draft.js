// Half-filled answers, kept over a reload of this tab, or a new link to the same form in it, and no longer; and the token
// of the form that is open, kept apart from them.

const KEY = "countersign.draft.";
const SHAPE = /^#([A-Za-z0-9_-]{20,200})$/;

/** The token of the link that was followed, else the one that this entry of the tab's history keeps; null where there
 * is none. Each entry has its own: going back to an earlier form shows that form. */
export function token() {
  const given = SHAPE.exec(location.hash)?.[1];
  if (given) history.replaceState({ token: given }, "", location.pathname);
  return given ?? current();
}

/** The token that this entry of the history keeps; null where it keeps none. */
export const current = () => history.state?.token ?? null;

/** Has this entry of the history keep no token any more. */
export const close = () => history.replaceState(null, "", location.pathname);

/** Whether the address names a token (again). */
export const named = () => SHAPE.test(location.hash);

/** The drafts under a name: `read()`, `write(draft)` and `drop()`. A draft is {form, by, response, lost}; `lost` names
 * the files that could not be kept, by linkId. Where the browser stores nothing, nothing is kept. */
export function drafts(name) {
  const key = KEY + name;
  return {
    read: () => attempt(() => JSON.parse(sessionStorage.getItem(key))),
    write: (draft) => write(key, draft),
    drop: () => attempt(() => sessionStorage.removeItem(key)),
  };
}

function attempt(act) {
  try {
    return act() ?? null;
  } catch {
    return null;
  }
}

/** Keeps a draft, without its largest files where they do not fit; the draft as it was kept, null where it was not. */
function write(key, draft) {
  const kept = structuredClone(draft);
  const files = attached(kept.response.item).sort((one, other) => one.file.data.length - other.file.data.length);
  for (;;) {
    if (attempt(() => (sessionStorage.setItem(key, JSON.stringify(kept)), true))) return kept;
    const largest = files.pop();
    if (!largest) return null;
    kept.lost[largest.item.linkId] = largest.file.title ?? "a file";
    delete largest.item.answer;
  }
}

/** The attachments below items, each with the item that it answers. */
export function attached(items = []) {
  return items.flatMap((item) => [
    ...(item.answer ?? []).filter((one) => one.valueAttachment?.data).map((one) => ({ item, file: one.valueAttachment })),
    ...attached(item.item),
  ]);
}
