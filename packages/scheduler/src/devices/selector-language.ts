import { parseQuantity } from '@kts/apimachinery';
import {
  ANY,
  BOOL,
  CelError,
  createEnvironment,
  formatType,
  mapOf,
  objectType,
  QUANTITY,
  quantityValue,
  sameType,
  semverOf,
  STRING,
  type CelMap,
  type CelValue,
  type Program,
} from '@kts/cel';
import type { Device, DeviceAttribute } from '@kts/api/types/resource-v1';
import type { CompiledSelector, SelectorLanguage } from './device-selectors.ts';

/**
 * The language of device selectors: CEL with a variable `device`.
 *
 * Mirrors: staging/src/k8s.io/dynamic-resource-allocation/cel/compile.go (v1.36)
 */
export function createSelectorLanguage(): SelectorLanguage {
  const environment = createEnvironment({ variables: { device: DEVICE }, bind: true });
  return {
    compile: (expression) => {
      const compiled = environment.compile(expression);
      if (!compiled.ok) throw new Error(`compilation failed: ${compiled.message}`);
      const { resultType } = compiled.program;
      if (!sameType(resultType, BOOL) && !sameType(resultType, ANY)) {
        throw new Error(`must evaluate to bool or the unknown type, not ${formatType(resultType)}`);
      }
      return selectorOf(compiled.program);
    },
  };
}

const DEVICE = objectType('kubernetes.DRADevice', {
  driver: STRING,
  allowMultipleAllocations: BOOL,
  attributes: mapOf(STRING, mapOf(STRING, ANY)),
  capacity: mapOf(STRING, mapOf(STRING, QUANTITY)),
});

function selectorOf(program: Program): CompiledSelector {
  return {
    matches: (device, driver) => {
      const result = program.evaluate(new Map([['device', deviceValue(device, driver)]]));
      if (!result.ok) throw new Error(result.error.message);
      if (typeof result.value !== 'boolean') throw new Error('CEL result could not be converted to bool');
      return result.value;
    },
  };
}

function deviceValue({ allowMultipleAllocations, attributes, capacity }: Device, driver: string): CelMap {
  return mapValue(
    new Map<string, CelValue>([
      ['driver', driver],
      ['allowMultipleAllocations', allowMultipleAllocations ?? false],
      ['attributes', byDomain(Object.entries(attributes ?? {}), driver, attributeValue)],
      [
        'capacity',
        byDomain(Object.entries(capacity ?? {}), driver, ({ value }) => quantityValue(parseQuantity(value))),
      ],
    ]),
  );
}

/** By domain and name. A name without a domain is in the driver's; domains that are not there are empty. */
function byDomain<T>(
  entries: readonly (readonly [name: string, value: T])[],
  driver: string,
  valueOf: (value: T, name: string) => CelValue,
): CelMap {
  const domains = new Map<string, Map<string, CelValue>>();
  for (const [name, value] of entries) {
    const slash = name.indexOf('/');
    const [domain, id] = slash === -1 ? [driver, name] : [name.slice(0, slash), name.slice(slash + 1)];
    domains.getOrInsertComputed(domain, () => new Map()).set(id, valueOf(value, name));
  }
  const values = new Map([...domains].map(([domain, named]) => [domain, mapValue(named)]));
  return { ...mapValue(values), get: (key) => (typeof key === 'string' ? (values.get(key) ?? NOTHING) : undefined) };
}

function attributeValue({ int, bool, string, version }: DeviceAttribute, name: string): CelValue {
  if (int !== undefined) return BigInt(int);
  const simple = bool ?? string;
  if (simple !== undefined) return simple;
  if (version === undefined) throw new Error(`attribute ${name}: unsupported attribute value`);
  const value = semverOf(version, false);
  if (value instanceof CelError) throw new Error(`attribute ${name}: parse semantic version: ${value.message}`);
  return value;
}

function mapValue(values: ReadonlyMap<string, CelValue>): CelMap {
  return {
    kind: 'map',
    size: values.size,
    get: (key) => (typeof key === 'string' ? values.get(key) : undefined),
    keys: () => values.keys(),
  };
}

const NOTHING = mapValue(new Map());
