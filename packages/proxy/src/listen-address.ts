/** `0.0.0.0:10256`, `[::]:10256` or an address alone, as flags have it. Throws if there is no port. */
export function listenAddress(text: string): { readonly address: string; readonly port: number } {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (colon < 0 || !/^\d+$/.test(text.slice(colon + 1)) || port > 65_535) {
    throw new Error(`${JSON.stringify(text)} is not ADDRESS:PORT`);
  }
  return { address: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port };
}
