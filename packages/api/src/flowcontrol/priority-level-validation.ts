/**
 * How many requests of a priority level run and wait.
 *
 * Mirrors: pkg/apis/flowcontrol/validation/validation.go (v1.36)
 */
import { deepEqual, FieldPath, forbidden, invalid, notSupported, required, type FieldError } from '@kts/apimachinery';
import type {
  ExemptPriorityLevelConfiguration,
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from '../gen/flowcontrol-v1.gen.ts';
import { internalForm } from '../internal-form.ts';
import { validateFlowConditions } from './flow-schema-validation.ts';
import { EXEMPT, MANDATORY_PRIORITY_LEVELS } from './mandatory-configuration.ts';

const PRESERVE_ZERO = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares';
const QUEUES_MAX = 10_000_000;
/** Of the hash that deals a request its hand of queues. */
const HASH_BITS_MAX = 60;
const SPEC = FieldPath.of('spec');
const NOT_NEGATIVE = 'must be a non-negative integer';

export function validatePriorityLevel({ metadata, spec, status }: PriorityLevelConfiguration): FieldError[] {
  const errors: FieldError[] = [];
  if (metadata.annotations && PRESERVE_ZERO in metadata.annotations) {
    errors.push(forbidden(FieldPath.of('metadata', 'annotations'), `annotation '${PRESERVE_ZERO}' is forbidden`));
  }
  return [
    ...errors,
    ...validateSpec(spec, metadata.name ?? ''),
    ...validateMandatory(spec, metadata.name ?? ''),
    ...validateFlowConditions(status?.conditions),
  ];
}

function validateSpec(spec: PriorityLevelConfigurationSpec, name: string): FieldError[] {
  const { type, exempt, limited } = spec;
  const errors: FieldError[] = [];
  if ((name === EXEMPT) !== (type === 'Exempt')) {
    errors.push(invalid(SPEC.child('type'), type ?? '', "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  switch (type) {
    case 'Exempt':
      if (limited) errors.push(forbidden(SPEC.child('limited'), 'must be nil if the type is not Limited'));
      return exempt ? [...errors, ...validateExempt(exempt, SPEC.child('exempt'))] : errors;
    case 'Limited':
      if (exempt) errors.push(forbidden(SPEC.child('exempt'), 'must be nil if the type is Limited'));
      if (limited) return [...errors, ...validateLimited(limited, SPEC.child('limited'))];
      return [...errors, required(SPEC.child('limited'), 'must not be empty when type is Limited')];
    default:
      return [...errors, notSupported(SPEC.child('type'), type ?? '', ['Exempt', 'Limited'])];
  }
}

function validateExempt(exempt: ExemptPriorityLevelConfiguration, path: FieldPath): FieldError[] {
  const { nominalConcurrencyShares: shares = 0, lendablePercent = 0 } = exempt;
  const errors = shares < 0 ? [invalid(path.child('nominalConcurrencyShares'), shares, NOT_NEGATIVE)] : [];
  return [...errors, ...validatePercent(lendablePercent, path)];
}

function validateLimited(limited: LimitedPriorityLevelConfiguration, path: FieldPath): FieldError[] {
  const { nominalConcurrencyShares: shares = 0, lendablePercent = 0, borrowingLimitPercent: borrowing = 0 } = limited;
  const errors = shares < 0 ? [invalid(path.child('nominalConcurrencyShares'), shares, NOT_NEGATIVE)] : [];
  errors.push(...validateResponse(limited.limitResponse, path.child('limitResponse')));
  errors.push(...validatePercent(lendablePercent, path));
  if (borrowing >= 0) return errors;
  return [...errors, invalid(path.child('borrowingLimitPercent'), borrowing, `if specified, ${NOT_NEGATIVE}`)];
}

function validatePercent(percent: number, path: FieldPath): FieldError[] {
  if (percent >= 0 && percent <= 100) return [];
  return [invalid(path.child('lendablePercent'), percent, 'must be between 0 and 100, inclusive')];
}

function validateResponse(response: LimitResponse | undefined, path: FieldPath): FieldError[] {
  const { type, queuing } = response ?? {};
  const at = path.child('queuing');
  switch (type ?? '') {
    case 'Reject':
      return queuing ? [forbidden(at, 'must be nil if limited.limitResponse.type is not Limited')] : [];
    case 'Queue':
      if (!queuing) return [required(at, 'must not be empty if limited.limitResponse.type is Limited')];
      return validateQueuing(queuing, at);
    default:
      return [notSupported(path.child('type'), type ?? '', ['Queue', 'Reject'])];
  }
}

function validateQueuing(
  { queues = 0, handSize = 0, queueLengthLimit = 0 }: QueuingConfiguration,
  path: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  if (queueLengthLimit <= 0) {
    errors.push(invalid(path.child('queueLengthLimit'), queueLengthLimit, 'must be positive'));
  }
  if (queues <= 0) errors.push(invalid(path.child('queues'), queues, 'must be positive'));
  else if (queues > QUEUES_MAX) {
    errors.push(invalid(path.child('queues'), queues, `must not be greater than ${QUEUES_MAX}`));
  }
  const problem = handSizeProblem(handSize, queues);
  return problem === undefined ? errors : [...errors, invalid(path.child('handSize'), handSize, problem)];
}

function handSizeProblem(handSize: number, queues: number): string | undefined {
  if (handSize <= 0) return 'must be positive';
  if (handSize > queues) return `should not be greater than queues (${queues})`;
  if (Math.ceil(Math.log2(queues) * handSize) <= HASH_BITS_MAX) return undefined;
  const bits = `required entropy bits of deckSize ${queues} and handSize ${handSize}`;
  return `${bits} should not be greater than ${HASH_BITS_MAX}`;
}

function validateMandatory(spec: PriorityLevelConfigurationSpec, name: string): FieldError[] {
  const mandatory = MANDATORY_PRIORITY_LEVELS[name];
  if (!mandatory) return [];
  const { exempt: _chosen, ...fixed } = spec;
  const [compared, except] = name === EXEMPT ? [fixed, " except the 'spec.exempt' field"] : [spec, ''];
  if (deepEqual(compared, mandatory)) return [];
  const shown = internalForm('flowcontrol.v1.PriorityLevelConfigurationSpec', spec);
  return [invalid(SPEC, shown, `spec of '${name}'${except} must equal the fixed value`)];
}
