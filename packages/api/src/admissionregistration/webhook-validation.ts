/**
 * What a webhook has to say about itself.
 *
 * Mirrors: pkg/apis/admissionregistration/validation/validation.go,
 * staging/src/k8s.io/apiserver/pkg/util/webhook/validation.go (v1.36)
 * Differs: expressions of match conditions are not compiled, because this package has no CEL.
 */
import {
  duplicate,
  FieldPath,
  invalid,
  isDNS1035Label,
  isDNS1123Subdomain,
  notSupported,
  required,
  tooMany,
  type FieldError,
} from '@kts/apimachinery';
import { checkQualifiedName, checkSupported } from '../field-checks.ts';
import type {
  MatchCondition,
  MutatingWebhook,
  RuleWithOperations,
  ValidatingWebhook,
  WebhookClientConfig,
} from '../gen/admissionregistration-v1.gen.ts';
import { validateLabelSelector } from '../label-validation.ts';
import { validateRule } from './rule-validation.ts';

type Webhook = MutatingWebhook | ValidatingWebhook;

const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const NO_SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
const SIDE_EFFECTS = ['None', 'NoneOnDryRun', 'Some', 'Unknown'];
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const TIMEOUT_SECONDS_MAX = 30;
const MATCH_CONDITIONS_MAX = 64;
const PORT_MAX = 65_535;
const URL_FORM = '; desired format: https://host[/path]';

/** What older objects broke already may stay broken. */
export function validateWebhooks(webhooks: readonly Webhook[] = [], old?: readonly Webhook[]): FieldError[] {
  const rules = {
    sideEffects: !old || old.every(({ sideEffects }) => NO_SIDE_EFFECTS.includes(sideEffects)),
    versions: !old || old.every((hook) => hook.admissionReviewVersions.some((v) => REVIEW_VERSIONS.includes(v))),
    unique: !old || new Set(old.map(({ name }) => name)).size === old.length,
  };
  const names = new Set<string>();
  return webhooks.flatMap((webhook, index) => {
    const path = FieldPath.of('webhooks').index(index);
    const repeated = rules.unique && webhook.name !== '' && names.has(webhook.name);
    names.add(webhook.name);
    return [
      ...validateWebhook(webhook, rules.sideEffects ? NO_SIDE_EFFECTS : SIDE_EFFECTS, path),
      ...validateVersions(webhook.admissionReviewVersions ?? [], rules.versions, path.child('admissionReviewVersions')),
      ...(repeated ? [duplicate(path.child('name'), webhook.name)] : []),
    ];
  });
}

function validateWebhook(webhook: Webhook, sideEffects: readonly string[], path: FieldPath): FieldError[] {
  const { timeoutSeconds = 1, namespaceSelector, objectSelector } = webhook;
  return [
    ...validateFullName(webhook.name, path.child('name')),
    ...(webhook.rules ?? []).flatMap((rule, index) =>
      validateRuleWithOperations(rule, path.child('rules').index(index)),
    ),
    ...checkSupported(webhook.failurePolicy, ['Fail', 'Ignore'], path.child('failurePolicy')),
    ...checkSupported(webhook.matchPolicy, ['Equivalent', 'Exact'], path.child('matchPolicy')),
    ...(!webhook.sideEffects
      ? [required(path.child('sideEffects'), `must specify one of ${sideEffects.join(', ')}`)]
      : checkSupported(webhook.sideEffects, sideEffects, path.child('sideEffects'))),
    ...(timeoutSeconds > TIMEOUT_SECONDS_MAX || timeoutSeconds < 1
      ? [invalid(path.child('timeoutSeconds'), timeoutSeconds, 'the timeout value must be between 1 and 30 seconds')]
      : []),
    ...(namespaceSelector ? validateLabelSelector(namespaceSelector, path.child('namespaceSelector')) : []),
    ...(objectSelector ? validateLabelSelector(objectSelector, path.child('objectSelector')) : []),
    ...('reinvocationPolicy' in webhook
      ? checkSupported(webhook.reinvocationPolicy, ['IfNeeded', 'Never'], path.child('reinvocationPolicy'))
      : []),
    ...validateClientConfig(webhook.clientConfig, path.child('clientConfig')),
    ...validateMatchConditions(webhook.matchConditions ?? [], path.child('matchConditions')),
  ];
}

function validateFullName(name: string, path: FieldPath): FieldError[] {
  if (!name) return [required(path)];
  const complaints = isDNS1123Subdomain(name);
  if (complaints.length > 0) return [invalid(path, name, complaints.join(','))];
  if (name.split('.').length >= 3) return [];
  return [invalid(path, name, 'should be a domain with at least three segments separated by dots')];
}

function validateRuleWithOperations(rule: RuleWithOperations, path: FieldPath): FieldError[] {
  const operations = rule.operations ?? [];
  const at = path.child('operations');
  return [
    ...(operations.length === 0 ? [required(at)] : []),
    ...(operations.length > 1 && operations.includes('*')
      ? [invalid(at, operations, "if '*' is present, must not specify other operations")]
      : []),
    ...operations.flatMap((operation, index) =>
      OPERATIONS.includes(operation) ? [] : [notSupported(at.index(index), operation, OPERATIONS)],
    ),
    ...validateRule(rule, path),
  ];
}

function validateVersions(versions: readonly string[], needsKnown: boolean, path: FieldPath): FieldError[] {
  if (versions.length === 0) return [required(path, `must specify one of ${REVIEW_VERSIONS.join(', ')}`)];
  const errors = versions.flatMap((version, index) => {
    const at = path.index(index);
    if (versions.indexOf(version) < index) return [invalid(at, version, 'duplicate version')];
    return isDNS1035Label(version).map((complaint) => invalid(at, version, complaint));
  });
  if (needsKnown && !versions.some((version) => REVIEW_VERSIONS.includes(version))) {
    errors.push(invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`));
  }
  return errors;
}

function validateClientConfig({ url, service }: WebhookClientConfig, path: FieldPath): FieldError[] {
  if (url !== undefined && service === undefined) return validateUrl(url, path.child('url'));
  if (!service || url !== undefined) return [required(path, 'exactly one of url or service is required')];
  const { name, namespace, port = 443, path: servicePath = '' } = service;
  const at = path.child('service');
  // Upstream confuses the two: each is reported under the other's field.
  return [
    ...(namespace ? [] : [required(at.child('name'))]),
    ...(name ? [] : [required(at.child('namespace'))]),
    ...(port < 1 || port > PORT_MAX
      ? [invalid(at.child('port'), port, 'port is not valid: must be between 1 and 65535, inclusive')]
      : []),
    ...validateServicePath(servicePath, at.child('path')),
  ];
}

function validateUrl(text: string, path: FieldPath): FieldError[] {
  const parts = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?[^?#]*(?:\?([^#]*))?(?:#(.*))?$/s.exec(text);
  const [, scheme = '', authority = '', query = '', fragment = ''] = parts ?? [];
  const at = authority.lastIndexOf('@');
  const host = authority.slice(at + 1);
  return [
    ...(scheme.toLowerCase() === 'https'
      ? []
      : [invalid(path, scheme.toLowerCase(), `'https' is the only allowed URL scheme${URL_FORM}`)]),
    ...(host ? [] : [invalid(path, host, `host must be specified${URL_FORM}`)]),
    ...(at < 0 ? [] : [invalid(path, authority.slice(0, at), 'user information is not permitted in the URL')]),
    ...(fragment ? [invalid(path, fragment, 'fragments are not permitted in the URL')] : []),
    ...(query ? [invalid(path, query, 'query parameters are not permitted in the URL')] : []),
  ];
}

function validateServicePath(text: string, path: FieldPath): FieldError[] {
  if (text === '' || text === '/') return [];
  if (text === '//') return [invalid(path, text, 'segment[0] may not be empty')];
  const steps = text.slice(1).replace(/\/$/, '').split('/');
  return [
    ...(text.startsWith('/') ? [] : [invalid(path, text, "must start with a '/'")]),
    ...steps.flatMap((step, index) => {
      if (step === '') return [invalid(path, text, `segment[${index}] may not be empty`)];
      return isDNS1123Subdomain(step).map((complaint) => invalid(path, text, `segment[${index}]: ${complaint}`));
    }),
  ];
}

function validateMatchConditions(conditions: readonly MatchCondition[], path: FieldPath): FieldError[] {
  const names = new Set<string>();
  return [
    ...(conditions.length > MATCH_CONDITIONS_MAX ? [tooMany(path, conditions.length, MATCH_CONDITIONS_MAX)] : []),
    ...conditions.flatMap(({ name, expression }, index) => {
      const at = path.index(index);
      const repeated = Boolean(name) && names.has(name);
      names.add(name);
      return [
        ...(expression?.trim() ? [] : [required(at.child('expression'))]),
        ...(name ? checkQualifiedName(name, at.child('name')) : [required(at.child('name'))]),
        ...(repeated ? [duplicate(at.child('name'), name)] : []),
      ];
    }),
  ];
}
