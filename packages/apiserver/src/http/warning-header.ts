/**
 * Texts for the client as `Warning` headers.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/filters/warning.go (v1.36)
 */
const TOTAL_LENGTH_MAX = 4 * 1024;
const ITEM_LENGTH_WHEN_FULL = 256;

/** Values of `Warning` headers; the same text only once. Long texts are cut when all of them together are too long. */
export function warningHeaders(texts: readonly string[]): readonly string[] {
  const distinct = [...new Set(texts)];
  const total = distinct.reduce((sum, text) => sum + text.length, 0);
  let kept = distinct;
  if (total > TOTAL_LENGTH_MAX) {
    let room = TOTAL_LENGTH_MAX;
    kept = distinct
      .map((text) => text.slice(0, ITEM_LENGTH_WHEN_FULL))
      .filter((text) => {
        room -= text.length;
        return room >= 0;
      });
  }
  return kept.map((text) => `299 - "${quote(text)}"`);
}

/** Header values are single lines of visible Latin-1. */
function quote(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[^\u0020-\u00ff]|\u007f/g, '?')
    .replace(/["\\]/g, '\\$&');
}
