import tharsis from './tharsis.js';

export const { Runtime, Stream, TharsisError, Status, Why, Flag, Channel, Depth, desktopProfile, version } = tharsis;
export default tharsis;
