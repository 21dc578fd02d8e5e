import type { NamedTypes } from '../check/function-declaration.ts';
import { objectType, opaqueType, type CelType } from '../types/cel-type.ts';

/** The types of Kubernetes' own libraries. They have no fields: only functions know what is in them. */
export const QUANTITY = objectType('kubernetes.Quantity', {});
export const SEMVER = objectType('kubernetes.Semver', {});
export const URL_TYPE = objectType('kubernetes.URL', {});
export const FORMAT = objectType('kubernetes.NamedFormat', {});
export const IP = opaqueType('net.IP');
export const CIDR = opaqueType('net.CIDR');
export const AUTHORIZER = objectType('kubernetes.authorization.Authorizer', {});
export const PATH_CHECK = objectType('kubernetes.authorization.PathCheck', {});
export const GROUP_CHECK = objectType('kubernetes.authorization.GroupCheck', {});
export const RESOURCE_CHECK = objectType('kubernetes.authorization.ResourceCheck', {});
export const DECISION = objectType('kubernetes.authorization.Decision', {});

/** By the names that signatures have for them. */
export const KUBERNETES_TYPES: NamedTypes = new Map<string, CelType>(
  [QUANTITY, SEMVER, URL_TYPE, FORMAT, IP, CIDR, AUTHORIZER, PATH_CHECK, GROUP_CHECK, RESOURCE_CHECK, DECISION].map(
    (type) => [type.name, type],
  ),
);
