"""Operations planned, compiled and executed."""
