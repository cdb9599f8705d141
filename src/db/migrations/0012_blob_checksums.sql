-- Blobs are stored with their CRC-32 behind them from here on, which SQL cannot compute: see BEHIND_STEP in migrate.ts.
SELECT 'then seal_blobs';
