/**
 * What selectors of devices can refer to: `device`, with its attributes and capacities by domain.
 *
 * Mirrors: staging/src/k8s.io/dynamic-resource-allocation/cel/compile.go (v1.36)
 * Differs: there is no `cel.bind`.
 */
import {
  ANY,
  BOOL,
  createEnvironment,
  formatType,
  mapOf,
  objectType,
  QUANTITY,
  STRING,
  type CelType,
  type Environment,
} from '@kts/cel';

const ID_LENGTH_MAX = 32;
const DOMAIN_LENGTH_MAX = 63;
const ATTRIBUTE_LENGTH_MAX = 64;
const ENTRIES_MAX = 32;
const COST_MAX = 1_000_000;

const ENTRIES = { sizeMax: ENTRIES_MAX };
const DOMAIN = { ...STRING, sizeMax: DOMAIN_LENGTH_MAX };
const ID = { ...STRING, sizeMax: ID_LENGTH_MAX };
const byDomain = (type: CelType): CelType => mapOf(DOMAIN, mapOf(ID, type, ENTRIES), ENTRIES);

const DEVICE = objectType('kubernetes.DRADevice', {
  driver: { ...STRING, sizeMax: DOMAIN_LENGTH_MAX },
  attributes: byDomain({ ...ANY, sizeMax: ATTRIBUTE_LENGTH_MAX }),
  capacity: byDomain(QUANTITY),
  allowMultipleAllocations: { ...BOOL, sizeMax: 1 },
});

let environment: Environment | undefined;

/** What is wrong with an expression, if anything: that it cannot be compiled, or that it may cost too much. */
export function selectorProblem(
  expression: string,
): { readonly kind: 'invalid'; readonly text: string } | { readonly kind: 'tooComplex' } | undefined {
  environment ??= createEnvironment({ variables: { device: DEVICE } });
  const compiled = environment.compile(expression, { sizeRoot: DEVICE });
  if (!compiled.ok && compiled.stage === 'check') {
    return { kind: 'invalid', text: `compilation failed: ${compiled.message}` };
  }
  const resultType = compiled.ok ? compiled.program.resultType : compiled.resultType;
  if (resultType.kind !== 'bool' && resultType.kind !== 'any') {
    return { kind: 'invalid', text: `must evaluate to bool or the unknown type, not ${formatType(resultType)}` };
  }
  if (!compiled.ok) return { kind: 'invalid', text: `program instantiation failed: ${compiled.message}` };
  return compiled.program.cost.max > COST_MAX ? { kind: 'tooComplex' } : undefined;
}
