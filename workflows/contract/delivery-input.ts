/** A delivery as its workflow and activities know it. Only ids, as arguments are stored in plain text. */
export interface DeliveryInput {
  deliveryId: string;
  webhookId: number;
  tenantId: string;
}
