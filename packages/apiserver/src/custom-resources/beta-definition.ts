/**
 * Definitions as upstream's API server keeps them: in a version that nobody is served any more. Pure.
 *
 * Mirrors: staging/src/k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/{v1beta1/defaults.go,v1/conversion.go} (v1.36)
 */
import type {
  CustomResourceColumnDefinition,
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  WebhookClientConfig,
} from '@kts/api/types/apiextensions-v1';
import type { KubeObject } from '@kts/apimachinery';

const CURRENT = 'apiextensions.k8s.io/v1';
/** What stored bytes of the old version begin with, in the order in which every API server writes them. */
const BETA_HEAD = Buffer.from('{"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1beta1"');

type PerVersion = Pick<CustomResourceDefinitionVersion, 'subresources' | 'selectableFields'> & {
  readonly additionalPrinterColumns?: readonly (Omit<CustomResourceColumnDefinition, 'jsonPath'> & {
    readonly JSONPath: string;
  })[];
};
type BetaVersion = Omit<CustomResourceDefinitionVersion, keyof PerVersion> & PerVersion;

/** What several versions have in common stands beside them. */
interface BetaSpec extends PerVersion, Pick<CustomResourceDefinitionSpec, 'group' | 'names' | 'scope'> {
  readonly version?: string;
  readonly versions?: readonly BetaVersion[];
  readonly validation?: CustomResourceDefinitionVersion['schema'];
  readonly preserveUnknownFields?: boolean;
  readonly conversion?: Pick<CustomResourceConversion, 'strategy'> & {
    readonly webhookClientConfig?: WebhookClientConfig;
    readonly conversionReviewVersions?: readonly string[];
  };
}

export function isBetaDefinition(bytes: Uint8Array): boolean {
  return BETA_HEAD.equals(bytes.subarray(0, BETA_HEAD.length));
}

export function fromBetaDefinition(object: KubeObject): CustomResourceDefinition {
  const { spec, status, ...rest } = object as unknown as Omit<CustomResourceDefinition, 'spec'> & {
    readonly spec: BetaSpec;
  };
  return {
    ...rest,
    apiVersion: CURRENT,
    spec: fromBetaSpec(spec),
    ...(status ? { status } : {}),
  } as CustomResourceDefinition;
}

function fromBetaSpec(spec: BetaSpec): CustomResourceDefinitionSpec {
  const { group, names, scope, version, versions = [], conversion, preserveUnknownFields } = spec;
  const listed = versions.length === 0 && version ? [{ name: version, served: true, storage: true }] : versions;
  return {
    group,
    names,
    scope,
    versions: listed.map((each) => fromBetaVersion(each, spec)),
    ...(conversion ? { conversion: fromBetaConversion(conversion) } : {}),
    ...(preserveUnknownFields ? { preserveUnknownFields } : {}),
  };
}

function fromBetaVersion(version: BetaVersion, common: BetaSpec): CustomResourceDefinitionVersion {
  const { schema, subresources, additionalPrinterColumns, selectableFields, ...rest } = version;
  const all = {
    schema: common.validation ?? schema,
    subresources: common.subresources ?? subresources,
    additionalPrinterColumns: (common.additionalPrinterColumns ?? additionalPrinterColumns)?.map(
      ({ JSONPath: jsonPath, ...column }) => ({ ...column, jsonPath }),
    ),
    selectableFields: common.selectableFields ?? selectableFields,
  };
  const present = Object.entries(all).filter(([, value]) => value !== undefined);
  return { ...rest, ...(Object.fromEntries(present) as Partial<CustomResourceDefinitionVersion>) };
}

function fromBetaConversion(conversion: NonNullable<BetaSpec['conversion']>): CustomResourceConversion {
  const { strategy, webhookClientConfig: clientConfig, conversionReviewVersions } = conversion;
  if (!clientConfig && !conversionReviewVersions) return { strategy };
  const versions = { conversionReviewVersions: conversionReviewVersions ?? [] };
  return { strategy, webhook: clientConfig ? { clientConfig, ...versions } : versions };
}
