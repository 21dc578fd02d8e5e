/** Where the question's name begins in every message. */
const QUESTION_NAME_AT = 12;
const POINTER = 0xc0;
const HEADER_BYTES = 12;
/** Type, class, TTL and the length of the data. */
const RECORD_HEAD_BYTES = 10;

/**
 * The same message with a pointer in place of each record's name that is the question's: answers with many addresses fit
 * into a datagram that way. Takes a message without any pointers and with one question. Source: RFC 1035, 4.1.4
 */
export function compressNames(message: Uint8Array): Uint8Array {
  const view = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  const nameEnd = endOfName(view, QUESTION_NAME_AT);
  const name = view.subarray(QUESTION_NAME_AT, nameEnd).toString('latin1').toLowerCase();
  const records = view.readUInt16BE(6) + view.readUInt16BE(8) + view.readUInt16BE(10);
  if (view.readUInt16BE(4) !== 1 || name === '\0') return message;
  let at = nameEnd + 4;
  const parts: Uint8Array[] = [view.subarray(0, at)];
  for (let record = 0; record < records; record++) {
    const end = endOfName(view, at);
    const isSame = view.subarray(at, end).toString('latin1').toLowerCase() === name;
    parts.push(isSame ? Uint8Array.of(POINTER, HEADER_BYTES) : view.subarray(at, end));
    const next = end + RECORD_HEAD_BYTES + view.readUInt16BE(end + RECORD_HEAD_BYTES - 2);
    parts.push(view.subarray(end, next));
    at = next;
  }
  return Buffer.concat(parts);
}

/** Just behind the empty label that ends a name. */
function endOfName(view: Buffer, start: number): number {
  let at = start;
  while (view[at] !== 0) at += view[at]! + 1;
  return at + 1;
}
