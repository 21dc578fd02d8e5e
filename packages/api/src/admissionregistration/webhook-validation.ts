/**
 * What a webhook has to say about itself.
 *
 * Mirrors: pkg/apis/admissionregistration/validation/validation.go,
 * staging/src/k8s.io/apiserver/pkg/util/webhook/validation.go (v1.36)
 */
import {
  duplicate,
  FieldPath,
  goQuote,
  invalid,
  isDNS1035Label,
  isDNS1123Subdomain,
  required,
  type FieldError,
} from '@kts/apimachinery';
import { checkSupported, sameValue } from '../field-checks.ts';
import type { MutatingWebhook, ValidatingWebhook, WebhookClientConfig } from '../gen/admissionregistration-v1.gen.ts';
import { hasInvalidLabelValue, validateLabelSelector } from '../label-validation.ts';
import { validateMatchConditions } from './expression-validation.ts';
import { validateRuleWithOperations } from './rule-validation.ts';

type Webhook = MutatingWebhook | ValidatingWebhook;

const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const NO_SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
const SIDE_EFFECTS = ['None', 'NoneOnDryRun', 'Some', 'Unknown'];
const TIMEOUT_SECONDS_MAX = 30;
const PORT_MAX = 65_535;
const URL_FORM = '; desired format: https://host[/path]';

/** What older objects broke already may stay broken. */
interface WebhookRules {
  readonly sideEffects: readonly string[];
  readonly knownVersion: boolean;
  readonly uniqueNames: boolean;
  readonly labels: { readonly allowInvalidValues: boolean };
  readonly matchConditions: boolean;
}

export function validateWebhooks(webhooks: readonly Webhook[] = [], old?: readonly Webhook[]): FieldError[] {
  const rules = rulesFor(webhooks, old);
  const names = new Set<string>();
  return webhooks.flatMap((webhook, index) => {
    const path = FieldPath.of('webhooks').index(index);
    const repeated = rules.uniqueNames && webhook.name !== '' && names.has(webhook.name);
    names.add(webhook.name);
    const versions = webhook.admissionReviewVersions ?? [];
    return [
      ...validateWebhook(webhook, rules, path),
      ...validateVersions(versions, rules.knownVersion, path.child('admissionReviewVersions')),
      ...(repeated ? [duplicate(path.child('name'), webhook.name)] : []),
    ];
  });
}

function rulesFor(webhooks: readonly Webhook[], old: readonly Webhook[] | undefined): WebhookRules {
  const conditionsOf = (hooks: readonly Webhook[]) => hooks.map(({ matchConditions }) => matchConditions ?? []);
  return {
    sideEffects:
      !old || old.every(({ sideEffects }) => NO_SIDE_EFFECTS.includes(sideEffects)) ? NO_SIDE_EFFECTS : SIDE_EFFECTS,
    knownVersion: !old || old.every((hook) => hook.admissionReviewVersions.some((v) => REVIEW_VERSIONS.includes(v))),
    uniqueNames: !old || new Set(old.map(({ name }) => name)).size === old.length,
    labels: {
      allowInvalidValues: (old ?? []).some(
        ({ namespaceSelector, objectSelector }) =>
          hasInvalidLabelValue(namespaceSelector) || hasInvalidLabelValue(objectSelector),
      ),
    },
    matchConditions: !old || !sameValue(conditionsOf(webhooks), conditionsOf(old)),
  };
}

function validateWebhook(webhook: Webhook, rules: WebhookRules, path: FieldPath): FieldError[] {
  const { timeoutSeconds = 1, namespaceSelector, objectSelector } = webhook;
  const { sideEffects, labels } = rules;
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
    ...(namespaceSelector ? validateLabelSelector(namespaceSelector, path.child('namespaceSelector'), labels) : []),
    ...(objectSelector ? validateLabelSelector(objectSelector, path.child('objectSelector'), labels) : []),
    ...('reinvocationPolicy' in webhook
      ? checkSupported(webhook.reinvocationPolicy, ['IfNeeded', 'Never'], path.child('reinvocationPolicy'))
      : []),
    ...validateClientConfig(webhook.clientConfig, path.child('clientConfig')),
    ...(rules.matchConditions
      ? validateMatchConditions(webhook.matchConditions, false, path.child('matchConditions'))
      : []),
  ];
}

function validateFullName(name: string, path: FieldPath): FieldError[] {
  if (!name) return [required(path)];
  const complaints = isDNS1123Subdomain(name);
  if (complaints.length > 0) return [invalid(path, name, complaints.join(','))];
  if (name.split('.').length >= 3) return [];
  return [invalid(path, name, 'should be a domain with at least three segments separated by dots')];
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

export function validateClientConfig({ url, service }: WebhookClientConfig, path: FieldPath): FieldError[] {
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
  const problem = urlProblem(text);
  if (problem) return [required(path, `url must be a valid URL: parse ${goQuote(text)}: ${problem}${URL_FORM}`)];
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

/** What Go's url.Parse says of a text that it cannot read. */
function urlProblem(text: string): string | undefined {
  if (CONTROL.test(text)) return 'net/url: invalid control character in URL';
  if (text.startsWith(':')) return 'missing protocol scheme';
  const rest = text.replace(/^[A-Za-z][A-Za-z0-9+.-]*:/, '').split('#', 1)[0]!;
  const escape = /%(?![0-9A-Fa-f]{2}).{0,2}/.exec(rest.split('?', 1)[0]!)?.[0];
  if (escape !== undefined) return `invalid URL escape ${goQuote(escape)}`;
  if (rest === text.split('#', 1)[0] && /^[^/?]*:/.test(rest)) return 'first path segment in URL cannot contain colon';
  const host = /^\/\/(?:[^/?]*@)?([^/?]*)/.exec(rest)?.[1] ?? '';
  const odd = /[ "<>^`{}|\\]/.exec(host)?.[0];
  if (odd !== undefined) return `invalid character ${goQuote(odd)} in host name`;
  const port = /^(?:\[[^\]]*\]|[^:]*)(:.*)$/.exec(host)?.[1];
  return port === undefined || /^:\d*$/.test(port) ? undefined : `invalid port ${goQuote(port)} after host`;
}

// oxlint-disable-next-line no-control-regex -- Control characters are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f]/;

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
