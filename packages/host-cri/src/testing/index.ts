export { protoJson } from './proto-json.ts';
export type { CallScript, ContainerScript, ExecScript, ImageScript, RuntimeScript } from './script.ts';
export { Turns } from './script.ts';
export type { RecordedCall } from './scripted-calls.ts';
export type { ScriptedImage } from './scripted-images.ts';
export { ScriptedRuntime, type ScriptedFiles, type ScriptedRuntimeOptions } from './scripted-runtime.ts';
