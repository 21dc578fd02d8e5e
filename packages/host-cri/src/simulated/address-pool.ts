/** Hands out the host addresses of an IPv4 range in turn, so that an address rests before it is used again. */
export class AddressPool {
  readonly #start: number;
  readonly #count: number;
  readonly #used = new Set<number>();
  #next = 0;

  /** Throws RangeError if the range is malformed. */
  constructor(cidr: string) {
    const [base = '', bits = ''] = cidr.split('/');
    const parts = base.split('.').map(Number);
    const isAddress = parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255);
    if (!isAddress || !/^\d+$/.test(bits) || Number(bits) > 30) throw new RangeError(`${cidr} is not an IPv4 range`);
    // The network's own address, the gateway and the broadcast address are nobody's.
    this.#start = parts.reduce((value, part) => value * 256 + part, 0) + 2;
    this.#count = 2 ** (32 - Number(bits)) - 3;
  }

  /** Throws RangeError if all are taken. */
  allocate(): string {
    for (let attempt = 0; attempt < this.#count; attempt++) {
      const number = this.#next;
      this.#next = (this.#next + 1) % this.#count;
      if (this.#used.has(number)) continue;
      this.#used.add(number);
      return [24, 16, 8, 0].map((shift) => Math.floor((this.#start + number) / 2 ** shift) % 256).join('.');
    }
    throw new RangeError('no address is left for another pod');
  }

  release(address: string): void {
    const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
    this.#used.delete(value - this.#start);
  }
}
