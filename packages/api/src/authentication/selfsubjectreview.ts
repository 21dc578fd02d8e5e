import { defineResource } from '../define-resource.ts';
import type { SelfSubjectReview } from '../gen/authentication-v1.gen.ts';

export const selfSubjectReviews = defineResource<SelfSubjectReview>('authentication.k8s.io/v1', 'selfsubjectreviews');
