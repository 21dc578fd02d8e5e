/**
 * The blocks of a cluster range, of which every node gets one.
 *
 * Mirrors: pkg/controller/nodeipam/ipam/cidrset/cidr_set.go (v1.36)
 */
import { overlaps, parsePrefix, prefixText, addressBits, type IpPrefix } from '../network/ip-prefix.ts';

/** Of IPv6 ranges no more than 2^16 blocks are counted. */
const LENGTH_DIFFERENCE_MAX = 16;

/** Stateful: which blocks are taken. */
export class NodeRange {
  readonly #range: IpPrefix;
  readonly #text: string;
  readonly #length: number;
  readonly #blocks: number;
  readonly #taken = new Set<number>();
  #next = 0;

  /** Throws RangeError if blocks of that length cannot be cut out of the range. */
  constructor(text: string, length: number) {
    const range = parsePrefix(text);
    if (!range) throw new RangeError(`invalid CIDR address: ${text}`);
    if (length < range.length || length > addressBits(range.family)) {
      throw new RangeError(`the node mask size /${length} does not fit into the cluster range ${text}`);
    }
    if (range.family === 'IPv6' && length - range.length > LENGTH_DIFFERENCE_MAX) {
      throw new RangeError('New CIDR set failed; the node CIDR size is too big');
    }
    this.#range = range;
    this.#text = text;
    this.#length = length;
    this.#blocks = 2 ** (length - range.length);
  }

  /** The next free block, after the one given last; undefined if none is left. */
  allocate(): string | undefined {
    if (this.#taken.size >= this.#blocks) return undefined;
    let block = this.#next;
    while (this.#taken.has(block)) block = (block + 1) % this.#blocks;
    this.#next = (block + 1) % this.#blocks;
    this.#taken.add(block);
    const { family, first } = this.#range;
    return prefixText(family, first + BigInt(block) * this.#blockSize, this.#length);
  }

  /** Marks what `text` covers as taken, taken or not before. Throws RangeError if it lies outside. */
  occupy(text: string): void {
    const [from, to] = this.#blocksOf(text);
    for (let block = from; block <= to; block++) this.#taken.add(block);
  }

  release(text: string): void {
    const [from, to] = this.#blocksOf(text);
    for (let block = from; block <= to; block++) this.#taken.delete(block);
  }

  overlaps(text: string): boolean {
    const other = parsePrefix(text);
    return other !== undefined && overlaps(this.#range, other);
  }

  get #blockSize(): bigint {
    return 1n << BigInt(addressBits(this.#range.family) - this.#length);
  }

  #blocksOf(text: string): readonly [from: number, to: number] {
    const prefix = parsePrefix(text);
    if (!prefix) throw new RangeError(`invalid CIDR address: ${text}`);
    if (!overlaps(this.#range, prefix))
      throw new RangeError(`cidr ${text} is out the range of cluster cidr ${this.#text}`);
    const { first, last } = this.#range;
    const from = (prefix.first > first ? prefix.first : first) - first;
    const to = (prefix.last < last ? prefix.last : last) - first;
    return [Number(from / this.#blockSize), Number(to / this.#blockSize)];
  }
}
