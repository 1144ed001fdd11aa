// SPDX-License-Identifier: Apache-2.0
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const ferryd = process.env.FERRY_URL ?? 'https://127.0.0.1:7443';
const proxied = { target: ferryd, secure: false };

export default defineConfig({
  base: '/console/',
  plugins: [react()],
  build: {
    outDir: '../build/console/dist',
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content security policy allows files alone
    modulePreload: { polyfill: false },
    target: 'es2022',
    reportCompressedSize: true,
  },
  server: { proxy: { '/api': proxied, '/auth': proxied } },
});
