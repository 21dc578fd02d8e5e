/**
 * Texts for the client as `Warning` headers.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/endpoints/filters/warning.go (v1.36)
 */
const TOTAL_LENGTH_MAX = 4 * 1024;
const ITEM_LENGTH_WHEN_FULL = 256;

/**
 * Values of `Warning` headers; the same text only once, none with control characters. From the text on that is too much
 * for all of them together, and before it, texts are cut.
 */
export function warningHeaders(texts: readonly string[]): readonly string[] {
  const usable = [...new Set(texts)].filter((text) => text !== '' && !/\p{Cc}/u.test(text));
  let total = 0;
  const full = usable.findIndex((text) => (total += text.length) > TOTAL_LENGTH_MAX);
  if (full < 0) return usable.map(headerOf);
  let written = 0;
  return usable.flatMap((text, index) => {
    if (index > full && written >= TOTAL_LENGTH_MAX) return [];
    const cut = Array.from(text).slice(0, ITEM_LENGTH_WHEN_FULL).join('');
    written += cut.length;
    return [headerOf(cut)];
  });
}

/** Bytes of UTF-8, one a character: header values are Latin-1. */
function headerOf(text: string): string {
  return `299 - "${Buffer.from(text.replace(/["\\]/g, '\\$&')).toString('latin1')}"`;
}
