import {
  duplicate,
  durationToMs,
  forbidden,
  invalid,
  isQualifiedName,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
  type JsonObject,
} from '@kts/apimachinery';
import type { NodeAffinity, NodeSelectorTerm, TopologySpreadConstraint } from '@kts/api/types/core-v1';
import type { ShapePoint, WeightedResource } from '../plugins/resource-scoring.ts';

/**
 * Mirrors: pkg/scheduler/apis/config/validation/validation_pluginargs.go (v1.36)
 */
export function validatePluginArgs(path: FieldPath, plugin: string, args: JsonObject): readonly FieldError[] {
  return VALIDATORS[plugin]?.(path, args) ?? [];
}

type Validator = (path: FieldPath, args: JsonObject) => readonly FieldError[];

const VALIDATORS: Readonly<Record<string, Validator>> = {
  DefaultPreemption: validateDefaultPreemption,
  DynamicResources: validateDynamicResources,
  InterPodAffinity: (path, args) => {
    const weight = Number(args['hardPodAffinityWeight'] ?? 0);
    const field = path.child('hardPodAffinityWeight');
    return weight < 0 || weight > 100 ? [invalid(field, weight, 'not in valid range [0, 100]')] : [];
  },
  NodeAffinity: (path, args) => validateAddedAffinity(path.child('addedAffinity'), args['addedAffinity']),
  NodeResourcesBalancedAllocation: validateBalancedAllocation,
  NodeResourcesFit: validateFit,
  PodTopologySpread: validateTopologySpread,
  VolumeBinding: (path, args) => {
    const seconds = Number(args['bindTimeoutSeconds'] ?? 0);
    const detail = 'invalid BindTimeoutSeconds, should not be a negative value';
    const errors = seconds < 0 ? [invalid(path.child('bindTimeoutSeconds'), seconds, detail)] : [];
    if (args['shape'] === undefined) return errors;
    const off = 'unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring';
    return [...errors, invalid(path.child('shape'), args['shape'], off)];
  },
};

function validateDefaultPreemption(path: FieldPath, args: JsonObject): readonly FieldError[] {
  const [percentage, absolute] = [
    Number(args['minCandidateNodesPercentage']),
    Number(args['minCandidateNodesAbsolute']),
  ];
  const percentagePath = path.child('minCandidateNodesPercentage');
  const absolutePath = path.child('minCandidateNodesAbsolute');
  const errors: FieldError[] = [];
  if (percentage < 0 || percentage > 100)
    errors.push(invalid(percentagePath, percentage, 'not in valid range [0, 100]'));
  if (absolute < 0) errors.push(invalid(absolutePath, absolute, 'not in valid range [0, inf)'));
  if (percentage === 0 && absolute === 0) {
    const zero = 'cannot be zero at the same time as';
    errors.push(
      invalid(percentagePath, percentage, `${zero} minCandidateNodesAbsolute`),
      invalid(absolutePath, absolute, `${zero} minCandidateNodesPercentage`),
    );
  }
  return errors;
}

function validateDynamicResources(path: FieldPath, args: JsonObject): readonly FieldError[] {
  const { filterTimeout, bindingTimeout } = args as {
    readonly filterTimeout?: string;
    readonly bindingTimeout?: string;
  };
  const errors: FieldError[] = [];
  if (filterTimeout !== undefined && durationToMs(filterTimeout) < 0) {
    errors.push(invalid(path.child('filterTimeout'), filterTimeout, 'must be zero or positive'));
  }
  if (bindingTimeout !== undefined && durationToMs(bindingTimeout) < 1000) {
    errors.push(invalid(path.child('bindingTimeout'), bindingTimeout, 'must be at least 1 second'));
  }
  return errors;
}

/** Only what would make the selectors impossible to understand. */
function validateAddedAffinity(path: FieldPath, value: unknown): readonly FieldError[] {
  const affinity = (value ?? {}) as NodeAffinity;
  const needed = path.child('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  const preferred = path.child('preferredDuringSchedulingIgnoredDuringExecution');
  const terms = affinity.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const preferences = affinity.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...terms.flatMap((term, index) => validateTerm(needed.index(index), term)),
    ...preferences.flatMap(({ preference }, index) => validateTerm(preferred.index(index), preference)),
  ];
}

const LABEL_OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt'];

function validateTerm(path: FieldPath, term: NodeSelectorTerm): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, { key, operator, values = [] }] of (term.matchExpressions ?? []).entries()) {
    const own = path.child('matchExpressions').index(index);
    if (!LABEL_OPERATORS.includes(operator))
      errors.push(notSupported(own.child('operator'), operator, LABEL_OPERATORS));
    else if (operator.endsWith('n') && values.length === 0) {
      errors.push(required(own.child('values'), "for 'in', 'notin' operators, values set can't be empty"));
    }
    errors.push(...isQualifiedName(key).map((problem) => invalid(own.child('key'), key, problem)));
  }
  for (const [index, { operator, values = [] }] of (term.matchFields ?? []).entries()) {
    const own = path.child('matchFields').index(index);
    if (operator !== 'In' && operator !== 'NotIn') {
      errors.push(notSupported(own.child('operator'), operator, ['In', 'NotIn']));
    } else if (values.length !== 1) errors.push(required(own.child('values'), 'must have one element'));
  }
  return errors;
}

function validateBalancedAllocation(path: FieldPath, args: JsonObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  const resources = (args['resources'] ?? []) as unknown as readonly WeightedResource[];
  for (const [index, { name, weight }] of resources.entries()) {
    const own = path.child('resources').index(index);
    if (seen.has(name)) errors.push(duplicate(own.child('name'), name));
    seen.add(name);
    if (weight !== 1) errors.push(invalid(own.child('weight'), weight, 'must be 1'));
  }
  return errors;
}

const STRATEGIES = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio'];

function validateFit(path: FieldPath, args: JsonObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  const labels = (field: FieldPath, text: string): void => {
    errors.push(...isQualifiedName(text).map((problem) => invalid(field, text, problem)));
  };
  for (const [index, name] of ((args['ignoredResources'] ?? []) as readonly string[]).entries()) {
    labels(path.child('ignoredResources').index(index), name);
  }
  for (const [index, group] of ((args['ignoredResourceGroups'] ?? []) as readonly string[]).entries()) {
    const own = path.child('ignoredResourceGroups').index(index);
    if (group.includes('/')) errors.push(invalid(own, group, "resource group name can't contain '/'"));
    labels(own, group);
  }
  return [
    ...errors,
    ...validateStrategy(path.child('scoringStrategy'), args['scoringStrategy'] as unknown as Strategy),
  ];
}

interface Strategy {
  readonly type: string;
  readonly resources?: readonly WeightedResource[];
  readonly requestedToCapacityRatio?: { readonly shape?: readonly ShapePoint[] };
}

function validateStrategy(path: FieldPath, { type, resources = [], requestedToCapacityRatio: ratio }: Strategy) {
  const errors: FieldError[] = [];
  if (!STRATEGIES.includes(type)) errors.push(notSupported(path.child('type'), type, STRATEGIES));
  for (const [index, { name, weight }] of resources.entries()) {
    if (weight > 0 && weight <= 100) continue;
    const field = path.child('resources').index(index).child('weight');
    errors.push(invalid(field, weight, `resource weight of ${name} not in valid range (0, 100]`));
  }
  const field = path.child('requestedToCapacityRatio');
  if (type === 'RequestedToCapacityRatio') {
    if (ratio === undefined) errors.push(required(field, 'must be specified when type is RequestedToCapacityRatio'));
    else errors.push(...validateShape(field.child('shape'), ratio.shape ?? []));
  } else if (ratio !== undefined) {
    errors.push(forbidden(field, 'must be nil when type is not RequestedToCapacityRatio'));
  }
  return errors;
}

function validateShape(path: FieldPath, shape: readonly ShapePoint[]): readonly FieldError[] {
  if (shape.length === 0) return [required(path, 'at least one point must be specified')];
  const errors: FieldError[] = [];
  const unsorted = shape.findIndex(
    ({ utilization }, index) => index > 0 && shape[index - 1]!.utilization >= utilization,
  );
  if (unsorted !== -1) {
    const field = path.index(unsorted).child('utilization');
    errors.push(invalid(field, shape[unsorted]!.utilization, 'values must be sorted in increasing order'));
  }
  for (const [index, { utilization, score }] of shape.entries()) {
    const own = path.index(index);
    if (utilization < 0 || utilization > 100) {
      errors.push(invalid(own.child('utilization'), utilization, 'not in valid range [0, 100]'));
    }
    if (score < 0 || score > 10) errors.push(invalid(own.child('score'), score, 'not in valid range [0, 10]'));
  }
  return errors;
}

function validateTopologySpread(path: FieldPath, args: JsonObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  const type = args['defaultingType'] as string;
  const constraints = (args['defaultConstraints'] ?? []) as unknown as readonly TopologySpreadConstraint[];
  const typePath = path.child('defaultingType');
  if (type !== 'System' && type !== 'List') errors.push(notSupported(typePath, type, ['System', 'List']));
  else if (type === 'System' && constraints.length > 0) {
    errors.push(invalid(typePath, type, 'when .defaultConstraints are not empty'));
  }
  const all = path.child('defaultConstraints');
  for (const [index, constraint] of constraints.entries()) {
    errors.push(...validateDefaultConstraint(all.index(index), constraint));
    const { topologyKey: key, whenUnsatisfiable: action } = constraint;
    const isRepeated = constraints
      .slice(0, index)
      .some((other) => other.topologyKey === key && other.whenUnsatisfiable === action);
    if (isRepeated) errors.push(duplicate(all.index(index), `{${key}, ${action}}`));
  }
  return errors;
}

const ACTIONS = ['DoNotSchedule', 'ScheduleAnyway'];

function validateDefaultConstraint(path: FieldPath, constraint: TopologySpreadConstraint): readonly FieldError[] {
  const {
    maxSkew = 0,
    topologyKey = '',
    whenUnsatisfiable: action = '',
    labelSelector,
  } = constraint as Partial<TopologySpreadConstraint>;
  const errors: FieldError[] = [];
  if (maxSkew <= 0) errors.push(invalid(path.child('maxSkew'), maxSkew, 'not in valid range (0, inf)'));
  const key = path.child('topologyKey');
  if (topologyKey === '') errors.push(required(key, 'can not be empty'));
  else errors.push(...isQualifiedName(topologyKey).map((problem) => invalid(key, topologyKey, problem)));
  const when = path.child('whenUnsatisfiable');
  if (action === '') errors.push(required(when, 'can not be empty'));
  else if (!ACTIONS.includes(action)) errors.push(notSupported(when, action, ACTIONS));
  if (labelSelector !== undefined) {
    const detail = 'constraint must not define a selector, as they deduced for each pod';
    errors.push(forbidden(path.child('labelSelector'), detail));
  }
  return errors;
}
