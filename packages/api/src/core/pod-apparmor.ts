/**
 * The annotations that AppArmor profiles were once given by, as fields.
 *
 * Mirrors: applyAppArmorVersionSkew in pkg/registry/core/pod/strategy.go (v1.36)
 */
import { deepEqual, FieldPath, type Draft } from '@kts/apimachinery';
import type { AppArmorProfile, Pod } from '../gen/core-v1.gen.ts';
import { APP_ARMOR_CONTAINER } from './pod-annotation-validation.ts';
import type { StrategyContext } from '../resource-definition.ts';
import { validateAppArmor } from './security-validation.ts';

/** A container's annotation fills its field unless it has one, or the pod says the same for all. */
export function syncAppArmorFields({ metadata, spec }: Draft<Pod>, { warn }: Pick<StrategyContext, 'warn'>): void {
  if (spec.os?.name === 'windows') return;
  for (const field of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    for (const container of spec[field] ?? []) {
      const key = `${APP_ARMOR_CONTAINER}${container.name}`;
      const annotation = metadata.annotations?.[key];
      if (annotation === undefined || container.securityContext?.appArmorProfile) continue;
      const profile = profileOf(annotation);
      if (profile && deepEqual(profile, spec.securityContext?.appArmorProfile)) continue;
      if (profile) (container.securityContext ??= {}).appArmorProfile = profile;
      warn?.(`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`);
    }
  }
}

/** The field that says the same; nothing for annotations that are not valid. */
export function profileOf(annotation: string): Draft<AppArmorProfile> | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  if (!annotation.startsWith('localhost/')) return undefined;
  const profile: AppArmorProfile = { type: 'Localhost', localhostProfile: annotation.slice('localhost/'.length) };
  return validateAppArmor(profile, FieldPath.root).length > 0 ? undefined : profile;
}
