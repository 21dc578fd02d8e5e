import { defineResource } from '../define-resource.ts';
import type { Event } from '../gen/core-v1.gen.ts';

export const events = defineResource<Event>('v1', 'events');
