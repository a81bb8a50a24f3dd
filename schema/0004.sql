-- What the claims policy copies from the proof, a JSON object; "" for nothing. Filtered anew at each refresh.
ALTER TABLE family ADD COLUMN copied TEXT NOT NULL DEFAULT '';
