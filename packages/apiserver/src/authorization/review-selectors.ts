/**
 * The selectors with which a review narrows its question: their validation, and what an authorizer is told of them.
 * Operators that this server does not know are allowed, because to ignore a requirement only widens the question.
 *
 * Mirrors: pkg/apis/authorization/validation/validation.go and pkg/registry/authorization/util/helpers.go (v1.36)
 */
import type { ResourceAttributes } from '@kts/api/types/authorization-v1';
import {
  type FieldPath,
  forbidden,
  invalid,
  isLabelValue,
  isQualifiedName,
  parseFieldSelector,
  parseLabelSelector,
  required,
  SelectorError,
  type FieldError,
} from '@kts/apimachinery';

interface SelectorAttributes {
  readonly rawSelector?: string;
  readonly requirements?: readonly Requirement[];
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export function validateSelectors(attributes: ResourceAttributes | undefined, path: FieldPath): readonly FieldError[] {
  return [
    ...validateSelector(attributes?.fieldSelector, path.child('fieldSelector'), validateFieldRequirement),
    ...validateSelector(attributes?.labelSelector, path.child('labelSelector'), validateLabelRequirement),
  ];
}

function validateSelector(
  selector: SelectorAttributes | undefined,
  path: FieldPath,
  validateRequirement: (requirement: Requirement, at: FieldPath) => readonly FieldError[],
): readonly FieldError[] {
  if (!selector) return [];
  const { rawSelector = '', requirements = [] } = selector;
  const errors: FieldError[] = [];
  if (rawSelector && requirements.length > 0) {
    errors.push(invalid(path.child('rawSelector'), rawSelector, 'may not specified at the same time as requirements'));
  }
  if (!rawSelector && requirements.length === 0) {
    const detail = `when ${path.toString()} is specified, requirements or rawSelector is required`;
    errors.push(required(path.child('requirements'), detail));
  }
  requirements.forEach((requirement, index) =>
    errors.push(...validateRequirement(requirement, path.child('requirements').index(index))),
  );
  return errors;
}

const ABSENT = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";

function validateFieldRequirement(requirement: Requirement, at: FieldPath): readonly FieldError[] {
  const { key, operator, values = [] } = requirement;
  const errors = key ? [] : [required(at.child('key'), 'must be specified')];
  errors.push(...missingValues(requirement, at));
  if (takesNoValues(operator) && values.length > 0) errors.push(forbidden(at.child('values'), ABSENT));
  return errors;
}

function validateLabelRequirement(requirement: Requirement, at: FieldPath): readonly FieldError[] {
  const { key, operator, values = [] } = requirement;
  const errors = missingValues(requirement, at);
  if (takesNoValues(operator) && values.length > 0) errors.push(forbidden(at.child('values'), ABSENT));
  errors.push(...isQualifiedName(key).map((problem) => invalid(at.child('key'), key, problem)));
  values.forEach((value, index) => {
    errors.push(...isLabelValue(value).map((problem) => invalid(at.child('values').index(index), value, problem)));
  });
  return errors;
}

function missingValues({ operator, values = [] }: Requirement, at: FieldPath): FieldError[] {
  if ((operator !== 'In' && operator !== 'NotIn') || values.length > 0) return [];
  return [required(at.child('values'), "must be specified when `operator` is 'In' or 'NotIn'")];
}

const takesNoValues = (operator: string): boolean => operator === 'Exists' || operator === 'DoesNotExist';

/** What of a selector can be told to an authorizer, and what the answer says of the rest. */
export interface ParsedSelectors {
  readonly fieldSelector?: string;
  readonly problems: readonly string[];
}

export function parseSelectors({ fieldSelector, labelSelector }: ResourceAttributes): ParsedSelectors {
  const fields = (fieldSelector?.requirements ?? []).map(fieldRequirementText);
  const text = fields.length > 0 ? joined(fields) : fieldSelector?.rawSelector;
  const labels = (labelSelector?.requirements ?? []).map(({ operator }) => LABEL_OPERATORS.has(operator));
  const problems = [
    problemOf(
      'fieldSelector',
      fields.length > 0 ? fields.map((field) => field !== undefined) : [isFieldSelector(text)],
    ),
    problemOf('labelSelector', labels.length > 0 ? labels : [isLabelSelector(labelSelector?.rawSelector)]),
  ];
  return { ...(text ? { fieldSelector: text } : {}), problems: problems.filter((problem) => problem !== undefined) };
}

const LABEL_OPERATORS: ReadonlySet<string> = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist']);

/** Selectors of fields compare with one value; undefined: they cannot say that. */
function fieldRequirementText({ key, operator, values = [] }: Requirement): string | undefined {
  if ((operator !== 'In' && operator !== 'NotIn') || values.length !== 1) return undefined;
  return `${key}${operator === 'In' ? '=' : '!='}${values[0]!}`;
}

const joined = (texts: readonly (string | undefined)[]): string => texts.filter((text) => text !== undefined).join(',');

function problemOf(name: string, understood: readonly boolean[]): string | undefined {
  if (understood.every(Boolean)) return undefined;
  const part = understood.some(Boolean) ? 'partially ignored' : 'ignored';
  return `spec.resourceAttributes.${name} ${part} due to parse error`;
}

const isFieldSelector = (text: string | undefined): boolean => canParse(() => parseFieldSelector(text ?? ''));
const isLabelSelector = (text: string | undefined): boolean => canParse(() => parseLabelSelector(text ?? ''));

function canParse(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (error) {
    if (error instanceof SelectorError) return false;
    throw error;
  }
}
