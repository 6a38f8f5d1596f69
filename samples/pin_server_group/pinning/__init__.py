"""Operations of a platform team of its own."""
