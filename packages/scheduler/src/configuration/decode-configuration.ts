import { decodeJson, parseYaml, type JsonObject, type ObjectSchema } from '@kts/apimachinery';
import { API_VERSION, KIND, type KubeSchedulerConfiguration } from './kube-scheduler-configuration.ts';
import { configurationSchema, pluginArgsSchema } from './schema.ts';

/**
 * Reads the text of a configuration file, YAML or JSON. Throws for text that is not a KubeSchedulerConfiguration, also
 * for fields that do not exist.
 *
 * Mirrors: LoadConfigFromFile in cmd/kube-scheduler/app/options/configfile.go and DecodeNestedObjects in
 * staging/src/k8s.io/kube-scheduler/config/v1/types.go (v1.36)
 */
export function decodeConfiguration(text: string): KubeSchedulerConfiguration {
  const value = parseYaml(text, { strict: true });
  const { kind, apiVersion } = (value ?? {}) as { readonly kind?: unknown; readonly apiVersion?: unknown };
  if (typeof kind !== 'string' || kind === '')
    throw new Error(`Object 'Kind' is missing in '${JSON.stringify(value)}'`);
  if (typeof apiVersion !== 'string' || apiVersion === '') {
    throw new Error(`Object 'apiVersion' is missing in '${JSON.stringify(value)}'`);
  }
  if (apiVersion !== API_VERSION || kind !== KIND) {
    throw new Error(
      `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/scheduler/apis/config/scheme/scheme.go"`,
    );
  }
  const { object, problems } = decode(configurationSchema(), value);
  const configuration = object as KubeSchedulerConfiguration;
  const nested: string[] = [];
  const profiles = configuration.profiles?.map((profile, at) => ({
    ...profile,
    ...(profile.pluginConfig && {
      pluginConfig: profile.pluginConfig.map((plugin, index) => {
        const of = `decoding .profiles[${at}].pluginConfig[${index}]`;
        const args = decodeArgs(plugin.name, plugin.args, of, nested);
        return args === undefined ? plugin : { ...plugin, args };
      }),
    }),
  }));
  const all = [...problems, ...nested];
  if (all.length > 0) throw new Error(`strict decoding error: ${all.join(', ')}`);
  return profiles === undefined ? configuration : { ...configuration, profiles };
}

/** Adds what a strict decoder finds to `problems`. */
function decodeArgs(
  plugin: string,
  args: JsonObject | undefined,
  of: string,
  problems: string[],
): JsonObject | undefined {
  const schema = pluginArgsSchema(plugin);
  if (schema === undefined || args === undefined) return args;
  const kind = `${plugin}Args`;
  const { kind: given = kind } = args;
  if (given !== kind) {
    const group = 'kubescheduler.config.k8s.io';
    throw new Error(
      `${of}: args for plugin ${plugin} were not of type ${kind}.${group}, got ${given as string}.${group}`,
    );
  }
  const result = decode(schema, args, `${of}: decoding args for plugin ${plugin}: `);
  if (result.problems.length > 0) {
    const strict = 'strict decoding error';
    problems.push(`${of}: ${strict}: decoding args for plugin ${plugin}: ${strict}: ${result.problems.join(', ')}`);
  }
  return result.object;
}

function decode(
  schema: ObjectSchema,
  value: unknown,
  what = '',
): { readonly object: JsonObject; readonly problems: readonly string[] } {
  const { object, error, strictErrors } = decodeJson(schema, JSON.stringify(value), { strict: true });
  if (error !== undefined) throw new Error(what + error);
  return { object: object as JsonObject, problems: strictErrors };
}
