/** The queue of activities that send requests: it has slots of its own, so that slow receivers hold up nothing else. */
export const deliverTaskQueueOf = (taskQueue: string) => `${taskQueue}-deliver`;
