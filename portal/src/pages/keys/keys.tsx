import { Page } from '../../ui/page.js';

export function Keys() {
  return <Page title="Keys">{null}</Page>;
}
