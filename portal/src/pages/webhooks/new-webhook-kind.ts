/** The template of receivers that a tenant writes; such a webhook is made without a template. */
export const ownReceiver = 'plain';
