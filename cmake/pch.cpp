// SPDX-License-Identifier: Apache-2.0
// Compiled only so that the precompiled header exists.
