/**
 * Mirrors: validateCustomResourceConversion in
 * staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go (v1.36)
 */
import {
  forbidden,
  invalid,
  isDNS1035Label,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '@kts/apimachinery';
import { validateWebhookClientConfig } from '@kts/api';
import type { CustomResourceConversion } from '@kts/api/types/apiextensions-v1';

import { caBundleProblem } from './ca-bundle.ts';

/** Versions of ConversionReview that this server and its predecessor speak. */
const REVIEW_VERSIONS = ['v1', 'v1beta1'];

export interface ConversionOptions {
  readonly knownReviewVersion: boolean;
  readonly validCaBundle: boolean;
}

export function validateConversion(
  conversion: CustomResourceConversion | undefined,
  options: ConversionOptions,
  path: FieldPath,
): FieldError[] {
  if (!conversion) return [];
  const { strategy, webhook } = conversion;
  const versions = webhook?.conversionReviewVersions ?? [];
  const client = webhook?.clientConfig;
  const errors = validateStrategy(strategy, path.child('strategy'));
  const clientPath = path.child('webhookClientConfig');
  if (strategy === 'Webhook') {
    if (client) errors.push(...validateWebhookClientConfig(client, clientPath));
    else errors.push(required(clientPath, 'required when strategy is set to Webhook'));
    const problem = client?.caBundle && options.validCaBundle ? caBundleProblem(client.caBundle) : undefined;
    if (problem) errors.push(invalid(clientPath.child('caBundle'), client!.caBundle, problem));
    errors.push(
      ...validateReviewVersions(versions, options.knownReviewVersion, path.child('conversionReviewVersions')),
    );
    return errors;
  }
  const text = 'should not be set when strategy is not set to Webhook';
  if (client) errors.push(forbidden(clientPath, text));
  if (versions.length > 0) errors.push(forbidden(path.child('conversionReviewVersions'), text));
  return errors;
}

function validateStrategy(strategy: string, path: FieldPath): FieldError[] {
  if (!strategy) return [required(path)];
  return ['None', 'Webhook'].includes(strategy) ? [] : [notSupported(path, strategy, ['None', 'Webhook'])];
}

export function hasKnownReviewVersion(versions: readonly string[]): boolean {
  return versions.length === 0 || versions.some((version) => REVIEW_VERSIONS.includes(version));
}

function validateReviewVersions(versions: readonly string[], known: boolean, path: FieldPath): FieldError[] {
  if (versions.length === 0) return [required(path)];
  const errors = versions.flatMap((version, index) => {
    const at = path.index(index);
    if (versions.indexOf(version) < index) return [invalid(at, version, 'duplicate version')];
    return isDNS1035Label(version).map((text) => invalid(at, version, text));
  });
  if (known && !hasKnownReviewVersion(versions)) {
    errors.push(invalid(path, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`));
  }
  return errors;
}
