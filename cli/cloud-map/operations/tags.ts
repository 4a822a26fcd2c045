import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-servicediscovery';
import { answer, type Context, type Decision } from '../context.ts';
import { CloudMapError } from '../errors.ts';
import type { CloudMapState, Tags } from '../state.ts';
import type { Validated } from '../validated.ts';
import { mergeTags } from './tag-rules.ts';

export function listTagsForResource(
  state: CloudMapState,
  input: Validated<ListTagsForResourceRequest>,
): Decision<ListTagsForResourceResponse> {
  const tags = tagsOf(state, input.ResourceARN);
  return answer({ Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) });
}

export function tagResource(
  state: CloudMapState,
  input: Validated<TagResourceRequest>,
  context: Context,
): Decision<object> {
  const arn = input.ResourceARN;
  const tags = mergeTags(tagsOf(state, arn), input.Tags, context, arn);
  return answer({}, { kind: 'tagged', arn, tags });
}

export function untagResource(
  state: CloudMapState,
  input: Validated<UntagResourceRequest>,
): Decision<object> {
  tagsOf(state, input.ResourceARN);
  return answer({}, { kind: 'untagged', arn: input.ResourceARN, keys: input.TagKeys });
}

/** Every namespace and service has an entry, be it empty. @throws CloudMapError ResourceNotFoundException */
function tagsOf(state: CloudMapState, arn: string): Tags {
  const tags = state.tags.get(arn);
  if (!tags) throw new CloudMapError('ResourceNotFoundException', `No resource found with ARN: ${arn}`);
  return tags;
}
