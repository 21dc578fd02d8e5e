/**
 * The questions "may this user do that?" as objects.
 *
 * Mirrors: pkg/registry/authorization and pkg/apis/authorization/validation/validation.go (v1.36)
 */
import type {
  LocalSubjectAccessReview,
  NonResourceAttributes,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
} from '@kts/api/types/authorization-v1';
import {
  badRequest,
  canonicalObject,
  FieldPath,
  invalid,
  invalidObject,
  StatusError,
  type FieldError,
} from '@kts/apimachinery';
import { schemaOf } from '@kts/api';

import type { UserInfo } from '../request.ts';
import type { ListedRules, RuleResolver } from './authorization-modes.ts';
import { resourceAttributes, type AuthorizationAttributes, type Authorizer } from './authorizer.ts';
import { aggregate } from './rbac-authorizer.ts';
import { parseSelectors, validateSelectors } from './review-selectors.ts';

/** Who asks, and where. */
export interface ReviewContext {
  readonly user: UserInfo;
  /** Of the path; empty for cluster-scoped reviews. */
  readonly namespace: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Answers one kind of review: the object as it was decoded and admitted, with its status filled in. Throws what is
 * wrong with the question. Nothing is stored.
 */
export type Review = (object: never, context: ReviewContext) => object | Promise<object>;

const SPEC = FieldPath.of('spec');

export function accessReviews(authorizer: Authorizer, rulesFor: RuleResolver): Readonly<Record<string, Review>> {
  return {
    SubjectAccessReview: (review: SubjectAccessReview) => {
      refuse([...validateSubject(review.spec), ...validateMetadata(review.metadata, 'must be empty')]);
      return { ...review, status: decide(authorizer, userOf(review.spec), review.spec) };
    },
    LocalSubjectAccessReview: (review: LocalSubjectAccessReview, context: ReviewContext) => {
      refuse(validateLocal(review));
      if ((review.metadata?.namespace ?? '') !== context.namespace) {
        throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${context.namespace}`);
      }
      return { ...review, status: decide(authorizer, userOf(review.spec), review.spec) };
    },
    SelfSubjectAccessReview: (review: SelfSubjectAccessReview, context: ReviewContext) => {
      refuse([...validateQuestion(review.spec), ...validateMetadata(review.metadata, 'must be empty')]);
      return { ...review, status: decide(authorizer, context.user, review.spec) };
    },
    SelfSubjectRulesReview: (review: SelfSubjectRulesReview, context: ReviewContext) => {
      const namespace = review.spec?.namespace;
      if (!namespace) throw badRequest('no namespace on request');
      return {
        kind: 'SelfSubjectRulesReview',
        apiVersion: 'authorization.k8s.io/v1',
        metadata: {},
        spec: {},
        status: rulesOf(rulesFor(context.user, namespace)),
      };
    },
  } as Readonly<Record<string, Review>>;
}

type Question = Pick<SubjectAccessReviewSpec, 'resourceAttributes' | 'nonResourceAttributes'>;

function decide(authorizer: Authorizer, user: UserInfo, spec: Question): SubjectAccessReviewStatus {
  const { decision, reason, error } = authorizer.authorize(user, attributesOf(spec));
  const ignored = spec.resourceAttributes ? parseSelectors(spec.resourceAttributes).problems : [];
  const problems = [...(error ? [error] : []), ...ignored];
  return {
    allowed: decision === 'allow',
    ...(decision === 'deny' ? { denied: true } : {}),
    ...(reason ? { reason } : {}),
    ...(problems.length > 0 ? { evaluationError: problems.join('; ') } : {}),
  };
}

function attributesOf({
  resourceAttributes: resource,
  nonResourceAttributes: path,
}: Question): AuthorizationAttributes {
  if (resource) {
    const { fieldSelector } = parseSelectors(resource);
    return resourceAttributes({
      verb: resource.verb ?? '',
      group: resource.group ?? '',
      version: resource.version || '*',
      resource: resource.resource ?? '',
      subresource: resource.subresource ?? '',
      namespace: resource.namespace ?? '',
      name: resource.name ?? '',
      ...(fieldSelector ? { fieldSelector } : {}),
    });
  }
  return {
    ...resourceAttributes({ verb: path?.verb ?? '', resource: '' }),
    isResourceRequest: false,
    path: path?.path ?? '',
  };
}

function userOf(spec: SubjectAccessReviewSpec): UserInfo {
  return {
    name: spec.user ?? '',
    groups: spec.groups ?? [],
    ...(spec.uid ? { uid: spec.uid } : {}),
    ...(spec.extra ? { extra: spec.extra } : {}),
  };
}

function refuse(errors: readonly FieldError[]): void {
  if (errors.length === 0) return;
  const { status } = invalidObject({ group: 'authorization.k8s.io', kind: '' }, '', errors);
  const { kind: _, ...details } = status.details ?? {};
  throw new StatusError({ ...status, details });
}

function validateSubject(spec: SubjectAccessReviewSpec): readonly FieldError[] {
  const { user = '', groups = [] } = spec;
  const [first, second, ...rest] = [
    validateEither(spec),
    user === '' && groups.length === 0
      ? [invalid(SPEC.child('user'), user, 'at least one of user or group must be specified')]
      : [],
    validateSelectors(spec.resourceAttributes, SPEC.child('resourceAttributes')),
  ];
  return [...first!, ...second!, ...rest.flat()];
}

function validateQuestion(spec: Question): readonly FieldError[] {
  return [...validateEither(spec), ...validateSelectors(spec.resourceAttributes, SPEC.child('resourceAttributes'))];
}

function validateEither(spec: Question): readonly FieldError[] {
  if (spec.resourceAttributes && spec.nonResourceAttributes) {
    const value = internalForm(spec.nonResourceAttributes);
    return [
      invalid(SPEC.child('nonResourceAttributes'), value, 'cannot be specified in combination with resourceAttributes'),
    ];
  }
  if (spec.resourceAttributes || spec.nonResourceAttributes) return [];
  const detail = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalid(SPEC.child('resourceAttributes'), undefined, detail)];
}

function validateLocal(review: LocalSubjectAccessReview): readonly FieldError[] {
  const { spec, metadata } = review;
  const { namespace: _, ...others } = metadata ?? {};
  const errors = [
    ...validateSubject(spec),
    ...validateMetadata(others, 'must be empty except for namespace', metadata),
  ];
  const namespace = spec.resourceAttributes?.namespace ?? '';
  if (spec.resourceAttributes && namespace !== (metadata?.namespace ?? '')) {
    errors.push(invalid(SPEC.child('resourceAttributes', 'namespace'), namespace, 'must match metadata.namespace'));
  }
  if (spec.nonResourceAttributes) {
    const value = internalForm(spec.nonResourceAttributes);
    errors.push(invalid(SPEC.child('nonResourceAttributes'), value, 'disallowed on this kind of request'));
  }
  return errors;
}

function validateMetadata(metadata: object | undefined, detail: string, shown = metadata): readonly FieldError[] {
  const fields = Object.entries(metadata ?? {}).filter(([name, value]) => name !== 'managedFields' && !isEmpty(value));
  return fields.length === 0 ? [] : [invalid(FieldPath.of('metadata'), inGoOrder(shown), detail)];
}

const inGoOrder = (metadata: object | undefined): object | undefined =>
  metadata && canonicalObject(schemaOf('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'), metadata);

const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === '';

/** Upstream validates its internal type here, whose fields have Go's names. */
const internalForm = ({ path = '', verb = '' }: NonResourceAttributes): object => ({ Path: path, Verb: verb });

function rulesOf({ rules, incomplete, problems }: ListedRules): object {
  return {
    resourceRules: rules
      .filter(({ resources }) => resources?.length)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({ verbs, apiGroups, resources, resourceNames })),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => nonResourceURLs?.length)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete,
    ...(problems.length > 0 ? { evaluationError: aggregate(problems) } : {}),
  };
}
