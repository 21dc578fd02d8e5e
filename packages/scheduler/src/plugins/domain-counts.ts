/** Pods by topology domain. Domains without pods are there too, as long as a node belongs to them. */
export class DomainCounts {
  readonly #pods = new Map<string, number>();
  readonly #nodes = new Map<string, number>();
  /** How many domains have so many pods. */
  readonly #domainsWith = new Map<number, number>();

  /** A node of the domain with so many pods comes (1) or goes (-1). */
  change(domain: string, pods: number, sign: 1 | -1): void {
    const before = this.#pods.get(domain);
    const nodes = (this.#nodes.get(domain) ?? 0) + sign;
    const after = (before ?? 0) + sign * pods;
    if (before !== undefined) this.#tally(before, -1);
    if (nodes === 0) {
      this.#nodes.delete(domain);
      this.#pods.delete(domain);
      return;
    }
    this.#nodes.set(domain, nodes);
    this.#pods.set(domain, after);
    this.#tally(after, 1);
  }

  get size(): number {
    return this.#pods.size;
  }

  /** 0 for unknown domains. */
  podsIn(domain: string): number {
    return this.#pods.get(domain) ?? 0;
  }

  /** The number of pods in the domain that has fewest; infinite if there is no domain. */
  fewest(): number {
    let fewest = Infinity;
    for (const pods of this.#domainsWith.keys()) if (pods < fewest) fewest = pods;
    return fewest;
  }

  /** `fewest` if these domains had so many more pods (or less, where negative). */
  fewestWith(changes: ReadonlyMap<string, number>): number {
    if (changes.size === 0) return this.fewest();
    let fewest = Infinity;
    for (const [domain, pods] of this.#pods) fewest = Math.min(fewest, pods + (changes.get(domain) ?? 0));
    return fewest;
  }

  #tally(pods: number, change: 1 | -1): void {
    const domains = (this.#domainsWith.get(pods) ?? 0) + change;
    if (domains === 0) this.#domainsWith.delete(pods);
    else this.#domainsWith.set(pods, domains);
  }
}
