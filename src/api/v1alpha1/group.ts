/** The API group of every kind of ours. */
export const API_GROUP = 'sessionstore.dev'
export const API_VERSION_NAME = 'v1alpha1'
/** `apiVersion` of every object of ours. */
export const API_VERSION = `${API_GROUP}/${API_VERSION_NAME}` as const
