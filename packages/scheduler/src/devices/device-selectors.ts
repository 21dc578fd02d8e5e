import type { Device, DeviceSelector } from '@kts/api/types/resource-v1';

/** An expression about a device, compiled; the same one for the same text. */
export interface CompiledSelector {
  /** Throws if the expression cannot be evaluated for this device. */
  matches(device: Device, driver: string): boolean;
}

/** The language of device selectors. It is large, so it is loaded when the first claim needs it. */
export interface SelectorLanguage {
  /** Throws if the expression is wrong. */
  compile(expression: string): CompiledSelector;
}

/** How many expressions stay compiled. */
const EXPRESSIONS_MAX = 256;

/**
 * Which devices the selectors of classes and requests choose. Devices are immutable, so each is asked only once.
 *
 * Mirrors: staging/src/k8s.io/dynamic-resource-allocation/cel/cache.go (v1.36)
 */
export class DeviceSelectors {
  readonly #language: () => SelectorLanguage;
  readonly #compiled = new Map<string, RememberingSelector>();

  /** @param language asked for when the first expression has to be compiled. */
  constructor(language: () => SelectorLanguage) {
    this.#language = language;
  }

  /** @param of whose selectors these are, for errors: `class NAME` or `claim NAMESPACE/NAME`. */
  match(selectors: readonly DeviceSelector[] | undefined, device: Device, driver: string, of: string): boolean {
    return (selectors ?? []).every(({ cel }, index) => {
      const compiled = guarded(`${of}: selector #${index}: CEL compile error`, () => this.#compile(cel!.expression));
      return guarded(`${of}: selector #${index}: CEL runtime error`, () => compiled.matches(device, driver));
    });
  }

  #compile(expression: string): RememberingSelector {
    let compiled = this.#compiled.get(expression);
    if (compiled === undefined) {
      compiled = new RememberingSelector(this.#language().compile(expression));
      if (this.#compiled.size >= EXPRESSIONS_MAX) this.#compiled.delete(this.#compiled.keys().next().value!);
    }
    this.#compiled.delete(expression);
    this.#compiled.set(expression, compiled);
    return compiled;
  }
}

class RememberingSelector implements CompiledSelector {
  readonly #selector: CompiledSelector;
  readonly #answers = new WeakMap<Device, boolean>();

  constructor(selector: CompiledSelector) {
    this.#selector = selector;
  }

  matches(device: Device, driver: string): boolean {
    const known = this.#answers.get(device);
    if (known !== undefined) return known;
    const answer = this.#selector.matches(device, driver);
    this.#answers.set(device, answer);
    return answer;
  }
}

function guarded<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
